import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { completeHosts, parseFibTrie, parseIfInet6 } from '../../../engine/files/late-names.ts';

const BEFORE = '10.0.0.9\tdb\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n127.0.0.1\tfront web\n';
const NAMES = ['front', 'web'];

test('[files.hosts-late] the own names move from loopback to the addresses, and all else stays', () => {
  const after = completeHosts(BEFORE, {
    addresses: ['10.88.0.5', 'fd77::5'],
    names: NAMES,
    keepLoopback: false,
  });
  assert.is(
    after,
    '10.0.0.9\tdb\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n10.88.0.5\tfront web\nfd77::5\tfront web\n',
  );
});

test('[files.hosts-late] twice is once, other addresses replace earlier ones of ours only, and none changes nothing', () => {
  const options = { names: NAMES, keepLoopback: false };
  const once = completeHosts(BEFORE, { ...options, addresses: ['10.88.0.5'] });
  assert.is(completeHosts(once, { ...options, addresses: ['10.88.0.5'] }), once);
  assert.is(completeHosts(BEFORE, { ...options, addresses: [] }), BEFORE);
});

test('[files.hosts-late] in a pod the members keep loopback, and the address gets the name of the pod', () => {
  const shared = '127.0.0.1\tlocalhost\n127.0.0.1\tshop a\n127.0.0.1\tb\n';
  const after = completeHosts(shared, { addresses: ['10.1.0.2'], names: ['shop'], keepLoopback: true });
  assert.is(after, `${shared}10.1.0.2\tshop\n`);
});

test('[files.hosts-late] addresses are read as the kernel lists them, without loopback and link-local ones', () => {
  const trie = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 10.88.0.0/24 2 0 2
        |-- 10.88.0.0
           /24 link UNICAST
        |-- 10.88.0.5
           /32 host LOCAL
        |-- 10.88.0.255
           /32 link BROADCAST
     +-- 127.0.0.0/8 2 0 2
        |-- 127.0.0.1
           /32 host LOCAL
Local:
        |-- 10.88.0.5
           /32 host LOCAL
`;
  assert.equal(parseFibTrie(trie), ['10.88.0.5']);
  const inet6 = `00000000000000000000000000000001 01 80 10 80       lo
fe800000000000000042acfffe110002 02 40 20 80     eth0
fd770000000000000000000000000005 02 40 00 80     eth0
`;
  assert.equal(parseIfInet6(inet6), ['fd77::5']);
  assert.equal([parseFibTrie(''), parseIfInet6('')], [[], []]);
});

test.run();
