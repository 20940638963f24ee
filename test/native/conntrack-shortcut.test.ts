import { spawnSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findProgram } from '../../engine/host.ts';
import { nativeProgram } from '../../native/index.ts';
import { testUnless } from '../support/skip.ts';

/** Asks for all tracked connections of its network namespace as CRIU does, and prints the types of what comes back. */
const ASK = `
import os, socket, struct, sys
os.environ.pop('LD_PRELOAD', None)
if len(sys.argv) > 1:
    if os.system('ip link set lo up && iptables -w -A INPUT -m conntrack --ctstate INVALID -j DROP') != 0: sys.exit(77)
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
s.sendmsg([struct.pack('=IHHIIBBH', 20, 1 << 8 | 1, 0x301, 24680, 0, 0, 0, 0)], [], 0, (0, 0))
types = []
while not types or types[-1] not in (2, 3):
    data = s.recv(16384)
    while data:
        size, kind, flags, seq, pid = struct.unpack_from('=IHHII', data)
        assert seq == 24680
        types.append(kind)
        data = data[(size + 3) & ~3:]
print(*types)
`;
const ERROR_OR_ACKNOWLEDGEMENT = '2';
const CONNECTION_THEN_DONE = '256 3';
const NO_IPTABLES = 77;

const missing =
  process.getuid?.() === 0 ? (findProgram('python3') === null ? 'needs python3' : null) : 'needs root';
const test = suite('tsctr-conntrack');

function ask(preload: string | null, ...args: string[]) {
  const env = { ...process.env, ...(preload === null ? {} : { LD_PRELOAD: preload }) };
  return spawnSync('unshare', ['--net', 'python3', '-c', ASK, ...args], { encoding: 'utf8', env });
}

testUnless(test, missing)('answers for the kernel where there is no tracked connection', () => {
  const { stdout, stderr } = ask(nativeProgram('tsctr-conntrack.so'));
  assert.is(stdout.trim(), ERROR_OR_ACKNOWLEDGEMENT, stderr);
  assert.is(ask(null).stdout.trim(), '3', 'the kernel says at once that it is done');
});

testUnless(test, missing)('leaves it to the kernel where there is one', () => {
  const { status, stdout, stderr } = ask(nativeProgram('tsctr-conntrack.so'), 'connect');
  if (status === NO_IPTABLES) console.log(`  cannot track connections here: ${stderr.trim()}`);
  else assert.is(stdout.trim(), CONNECTION_THEN_DONE, stderr);
});

test.run();
