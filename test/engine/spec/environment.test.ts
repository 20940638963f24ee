import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildSpec } from '../../../engine/spec/build-spec.ts';
import { specInput, validSpec, type SpecCase } from '../../support/spec-input.ts';
import { assertRefused } from '../../support/throws.ts';

function environmentOf(specCase: SpecCase): Record<string, string> {
  return Object.fromEntries(
    validSpec(specCase).process.env.map((entry) => {
      const equals = entry.indexOf('=');
      return [entry.slice(0, equals), entry.slice(equals + 1)];
    }),
  );
}

test('[spec.env] defaults, the image over them, the manifest over both', () => {
  const env = environmentOf({
    spec: { env: [{ name: 'B', value: 'manifest' }] },
    input: {
      imageConfig: { Cmd: ['x'], Env: ['PATH=/image', 'A=image', 'B=image', 'EMPTY=', 'EQUALS=a=b'] },
    },
  });
  assert.equal(env, {
    PATH: '/image',
    container: 'tsctr',
    A: 'image',
    B: 'manifest',
    EMPTY: '',
    EQUALS: 'a=b',
    HOME: '/root',
    HOSTNAME: 'web',
  });
});

test('[spec.env] PATH has a default, and TERM comes with a terminal', () => {
  assert.match(environmentOf({})['PATH'] ?? '', /^\/usr\/local\/sbin:/);
  assert.is(environmentOf({})['TERM'], undefined);
  assert.is(environmentOf({ spec: { tty: true } })['TERM'], 'xterm');
  assert.is(environmentOf({ spec: { tty: true, env: [{ name: 'TERM', value: 'vt100' }] } })['TERM'], 'vt100');
});

test('[spec.env] $(NAME) takes earlier variables only; unknown names and $$ stay', () => {
  const env = environmentOf({
    spec: {
      env: [
        { name: 'A', value: '1' },
        { name: 'B', value: '$(A)-$(C)-$$(A)-$A-$(' },
        { name: 'C', value: '$(B)' },
      ],
    },
  });
  assert.is(env['B'], '1-$(C)-$(A)-$A-$(');
  assert.is(env['C'], '1-$(C)-$(A)-$A-$(');
});

test('[spec.env] fieldRef gives the downward API of one host', () => {
  const field = (name: string, fieldPath: string): unknown => ({
    name,
    valueFrom: { fieldRef: { fieldPath } },
  });
  const env = environmentOf({
    spec: {
      env: [
        field('NAME', 'metadata.name'),
        field('NODE', 'spec.nodeName'),
        field('IP', 'status.podIP'),
        field('APP', "metadata.labels['app.kubernetes.io/name']"),
        field('NOTE', "metadata.annotations['none']"),
        field('UID', 'metadata.uid'),
      ],
    },
    request: { labels: { 'app.kubernetes.io/name': 'shop' } },
    input: { values: { podIPs: ['10.1.2.3', 'fd00::3'] } },
  });
  assert.is(env['NAME'], 'web');
  assert.is(env['NODE'], 'vm');
  assert.is(env['IP'], '10.1.2.3');
  assert.is(env['APP'], 'shop');
  assert.is(env['NOTE'], '');
  assert.match(env['UID'] ?? '', /^b8abd397/);
});

test('[spec.env] a fieldRef that nobody knows is refused with the ones that are known', () => {
  const spec = { env: [{ name: 'X', valueFrom: { fieldRef: { fieldPath: 'toString' } } }] };
  assertRefused(() => buildSpec(specInput({ spec })), 'BAD_REQUEST', '`toString`', 'metadata.name');
});

const VALUES = {
  configMaps: { settings: { level: 'debug', colour: 'red' } },
  secrets: { login: { password: 'xyzzy' } },
};

test('[spec.env] keys of config maps and secrets, one by one and all at once with a prefix', () => {
  const env = environmentOf({
    spec: {
      envFrom: [{ prefix: 'CFG_', configMapRef: { name: 'settings' } }],
      env: [
        { name: 'PASS', valueFrom: { secretKeyRef: { name: 'login', key: 'password' } } },
        { name: 'ALL', value: '$(CFG_level)/$(PASS)' },
        { name: 'CFG_colour', value: 'blue' },
        { name: 'NONE', valueFrom: { secretKeyRef: { name: 'login', key: 'absent', optional: true } } },
      ],
    },
    input: { values: VALUES },
  });
  assert.is(env['ALL'], 'debug/xyzzy');
  assert.is(env['CFG_colour'], 'blue');
  assert.is(env['NONE'], undefined);
});

test('[spec.env] a missing key or map is an error without any value in it', () => {
  const spec = { env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'login', key: 'absent' } } }] };
  const run = (): unknown => buildSpec(specInput({ spec, input: { values: VALUES } }));
  assertRefused(run, 'BAD_REQUEST', 'key absent of secret login');
  const from = { envFrom: [{ configMapRef: { name: 'absent' } }] };
  assertRefused(() => buildSpec(specInput({ spec: from })), 'BAD_REQUEST', 'configMap absent');
});

test('[spec.env] resourceFieldRef gives limits and requests in units of the divisor, rounded up', () => {
  const resource = (name: string, path: string, divisor?: string): unknown => ({
    name,
    valueFrom: { resourceFieldRef: { resource: path, ...(divisor !== undefined && { divisor }) } },
  });
  const env = environmentOf({
    spec: {
      resources: { limits: { cpu: '1500m', memory: '64Mi' }, requests: { cpu: '250m' } },
      env: [
        resource('CPUS', 'limits.cpu'),
        resource('MILLI', 'limits.cpu', '1m'),
        resource('REQUEST', 'requests.cpu', '1m'),
        resource('BYTES', 'limits.memory'),
        resource('MIB', 'requests.memory', '1Mi'),
      ],
    },
  });
  assert.equal(
    [env['CPUS'], env['MILLI'], env['REQUEST'], env['BYTES'], env['MIB']],
    ['2', '1500', '250', '67108864', '64'],
  );
});

test('[spec.env] without a limit resourceFieldRef gives what the host has', () => {
  const valueFrom = { resourceFieldRef: { resource: 'limits.memory', divisor: '1Gi' } };
  const capacity = { cpus: 4, memoryBytes: 8 * 2 ** 30 };
  const specCase = { spec: { env: [{ name: 'GIB', valueFrom }] }, input: { values: { capacity } } };
  assert.is(environmentOf(specCase)['GIB'], '8');
});

test('[spec.listen-fds] sockets that are handed down are told with LISTEN_PID 1', () => {
  const env = environmentOf({ input: { listenSockets: ['web', 'admin'] } });
  assert.equal([env['LISTEN_PID'], env['LISTEN_FDS'], env['LISTEN_FDNAMES']], ['1', '2', 'web:admin']);
  assert.is(environmentOf({})['LISTEN_FDS'], undefined);
});

test('[spec.user.home] HOME is passwd’s unless the image or the manifest sets it', () => {
  const user = { uid: 7, gid: 7, additionalGids: [], home: '/home/app', name: 'app' };
  assert.is(environmentOf({ input: { user } })['HOME'], '/home/app');
  const imageConfig = { Cmd: ['x'], Env: ['HOME=/image'] };
  assert.is(environmentOf({ input: { user, imageConfig } })['HOME'], '/image');
  const spec = { env: [{ name: 'HOME', value: '/manifest' }] };
  assert.is(environmentOf({ spec, input: { user, imageConfig } })['HOME'], '/manifest');
});

test.run();
