import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  parseResolvConf,
  resolvConfFile,
  type ResolvConf,
  type ResolvConfRequest,
} from '../../../engine/files/resolv-conf.ts';

const HOST = `# by hand
nameserver 127.0.0.53
nameserver 192.0.2.1
nameserver ::1
nameserver 2001:db8::1
nameserver fe80::1%eth0
domain old.example
search a.example b.example
options ndots:2 edns0
`;

function resolve(request: Partial<ResolvConfRequest>): ResolvConf {
  return parseResolvConf(resolvConfFile({ hostText: HOST, ownNetwork: true, ipv6: true, ...request }));
}

test("[files.resolv] the host's servers, without its loopback ones where the network is the container's own", () => {
  assert.equal(resolve({}).nameservers, ['192.0.2.1', '2001:db8::1']);
  assert.equal(resolve({ ownNetwork: false }).nameservers, parseResolvConf(HOST).nameservers);
});

test('[files.resolv] IPv6 servers only where the container has IPv6', () => {
  assert.equal(resolve({ ipv6: false }).nameservers, ['192.0.2.1']);
});

test("[files.resolv] configured before the networks' before the host's", () => {
  const networks = { nameservers: ['10.89.0.1'], searches: ['dns.podman'] };
  const configured = {
    nameservers: ['9.9.9.9'],
    searches: ['own.example'],
    options: [{ name: 'ndots', value: '5' }, { name: 'rotate' }],
  };
  assert.equal(resolve({ networks, configured }), {
    nameservers: ['9.9.9.9'],
    searches: ['own.example'],
    options: ['ndots:5', 'rotate'],
  });
  assert.equal(resolve({ networks }), {
    nameservers: ['10.89.0.1'],
    searches: ['dns.podman', 'a.example', 'b.example'],
    options: ['ndots:2', 'edns0'],
  });
});

test('[files.resolv] a single dot turns searching off', () => {
  assert.equal(resolve({ configured: { searches: ['.'] } }).searches, []);
});

test('[files.resolv] an empty host makes an empty file', () => {
  assert.is(resolvConfFile({ hostText: '', ownNetwork: true, ipv6: false }), '');
});

test.run();
