import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { execProcessSpec } from '../../../engine/exec/exec-process-spec.ts';
import { serializeSpec } from '../../../engine/spec/serialize-spec.ts';
import type { ResolvedUser } from '../../../engine/spec/user.ts';
import type { OciProcess } from '../../../schemas/index.ts';

const bounding = ['CAP_CHOWN', 'CAP_KILL'];
const base: OciProcess = {
  terminal: true,
  consoleSize: { height: 1, width: 1 },
  user: { uid: 0, gid: 0, umask: 18, additionalGids: [1] },
  args: ['server'],
  env: ['PATH=/bin', 'A=1', 'HOME=/root'],
  cwd: '/srv',
  capabilities: { bounding, effective: bounding, permitted: bounding },
  rlimits: [],
  noNewPrivileges: true,
  apparmorProfile: 'mine',
};
const jane: ResolvedUser = { uid: 7, gid: 8, additionalGids: [9], home: '/home/jane', name: 'jane' };

test("everything but command and terminal is the container's", () => {
  assert.equal(execProcessSpec(base, { command: ['ls', '-l'] }, null), {
    user: base.user,
    args: ['ls', '-l'],
    env: base.env,
    cwd: '/srv',
    capabilities: base.capabilities,
    rlimits: [],
    noNewPrivileges: true,
    apparmorProfile: 'mine',
  });
});

test('variables are added, or take the place of those of the same name', () => {
  const { env, cwd } = execProcessSpec(base, { command: ['x'], env: { A: '2=3', B: '' }, cwd: '/tmp' }, null);
  assert.equal(env, ['PATH=/bin', 'HOME=/root', 'A=2=3', 'B=']);
  assert.is(cwd, '/tmp');
});

test('another user has its groups and its home, and none of the rights; the umask stays', () => {
  const { user, env, capabilities } = execProcessSpec(base, { command: ['x'] }, jane);
  assert.equal(user, { uid: 7, gid: 8, umask: 18, additionalGids: [9] });
  assert.ok(env.includes('HOME=/home/jane'));
  assert.equal(capabilities, { bounding });
});

test('root in a container of another user has what the container may ever have, and no more', () => {
  const root: ResolvedUser = { uid: 0, gid: 0, additionalGids: [], home: '/root', name: 'root' };
  const { capabilities } = execProcessSpec({ ...base, capabilities: { bounding } }, { command: ['x'] }, root);
  assert.equal(capabilities, { bounding, effective: bounding, permitted: bounding });
});

test('a terminal has a size, and a TERM where the container has none', () => {
  const options = { command: ['x'], tty: true, size: { rows: 3, columns: 4 } };
  const spec = execProcessSpec(base, options, null);
  assert.is(spec.terminal, true);
  assert.equal(spec.consoleSize, { height: 3, width: 4 });
  assert.ok(spec.env.includes('TERM=xterm'));
  const own = execProcessSpec({ ...base, env: ['TERM=vt100'] }, options, null);
  assert.equal(own.env, ['TERM=vt100']);
});

test('a limit that was read from JSON as more than a number holds is written as infinity', () => {
  const read = JSON.parse(
    '{"type":"RLIMIT_CORE","soft":1024,"hard":18446744073709551615}',
  ) as OciProcess['rlimits'][0];
  const text = serializeSpec(execProcessSpec({ ...base, rlimits: [read] }, { command: ['x'] }, null));
  assert.match(text, /"soft":1024,"hard":18446744073709551615/);
});

test.run();
