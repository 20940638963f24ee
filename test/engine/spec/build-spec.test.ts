import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildSpec } from '../../../engine/spec/build-spec.ts';
import { serializeSpec } from '../../../engine/spec/serialize-spec.ts';
import { ociSpecErrors } from '../../support/oci-schema.ts';
import { specInput, validSpec, type SpecCase } from '../../support/spec-input.ts';

const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });
const word = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
const path = fc.array(word, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join('/')}`);

/** Manifests that ask for many things at once. */
const anySpec = fc.record(
  {
    command: fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 3 }),
    args: fc.array(fc.string(), { maxLength: 3 }),
    workingDir: path,
    env: fc.array(fc.record({ name: word, value: fc.string() }), { maxLength: 4 }),
    hostNetwork: fc.boolean(),
    hostPID: fc.boolean(),
    hostIPC: fc.boolean(),
    tty: fc.boolean(),
    privileged: fc.boolean(),
    init: fc.boolean(),
    systemd: fc.constantFrom('auto', 'always', false),
    readOnlyTmpfs: fc.boolean(),
    umask: fc.constantFrom('0022', '077'),
    tmpfs: fc.uniqueArray(path, { maxLength: 3 }).map((paths) => paths.map((mountPath) => ({ mountPath }))),
    resources: fc.constantFrom(
      {},
      { limits: { memory: '64Mi', cpu: '500m' } },
      { requests: { cpu: '100m', memory: '1Gi' } },
    ),
    securityContext: fc.record(
      {
        readOnlyRootFilesystem: fc.boolean(),
        allowPrivilegeEscalation: fc.boolean(),
        capabilities: fc.constantFrom({}, { drop: ['ALL'] }, { add: ['NET_ADMIN'], drop: ['KILL'] }),
        seccompProfile: fc.constantFrom({ type: 'RuntimeDefault' }, { type: 'Unconfined' }),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

const anyHost = fc.record({
  cgroups: fc.constantFrom('v1', 'hybrid', 'v2'),
  architecture: fc.constantFrom('x86_64', 'aarch64', 's390x', 'riscv64', 'unheard-of'),
  seccomp: fc.boolean(),
  appArmor: fc.boolean(),
});

test('[spec.valid] whatever is asked for, on whatever host, the spec is valid and says the same twice', () => {
  fc.assert(
    fc.property(anySpec, anyHost, optional(fc.nat({ max: 70_000 })), (spec, host, uid) => {
      const user = { uid: uid ?? 0, gid: uid ?? 0, additionalGids: [], home: '/', name: null };
      const imageConfig = { Entrypoint: ['/entry'] };
      // NUL cannot be in arguments and variables; the manifest's reader refuses it.
      const text = JSON.stringify(spec).replaceAll('\\u0000', '');
      const input = specInput({
        spec: JSON.parse(text) as SpecCase['spec'] & object,
        host,
        input: { user, imageConfig },
      });
      const built = buildSpec(input);
      assert.equal(ociSpecErrors(built), []);
      assert.is(serializeSpec(buildSpec(input)), serializeSpec(built));
      assert.equal(ociSpecErrors(JSON.parse(serializeSpec(built))), []);
    }),
    { numRuns: 300 },
  );
});

test('[spec.valid] the schema finds what a runtime would pass over or refuse', () => {
  const broken = validSpec();
  const wrong = [
    { ...broken, proces: {} },
    { ...broken, process: { ...broken.process, args: [] } },
    { ...broken, linux: { ...broken.linux, namespaces: [{ type: 'pid' }, { type: 'pid' }] } },
    { ...broken, mounts: [{ destination: 'relative', type: 'bind', source: '/', options: [] }] },
  ];
  for (const spec of wrong) assert.ok(ociSpecErrors(spec).length > 0);
});

test('config.json holds RLIM_INFINITY exactly, which a number cannot', () => {
  const text = serializeSpec(validSpec({ spec: { ulimits: [{ name: 'core', soft: -1, hard: -1 }] } }));
  assert.ok(text.includes('"soft":18446744073709551615,"hard":18446744073709551615'));
});

test('the input is left as it was', () => {
  const input = specInput({ spec: { tmpfs: [{ mountPath: '/t' }] } });
  const before = structuredClone(input);
  buildSpec(input);
  assert.equal(input, before);
});

test('a thousand specs are made and written in less than a second', () => {
  const inputs = Array.from({ length: 1000 }, (_, index) =>
    specInput({
      spec: { hostname: `c${index}`, env: [{ name: 'A', value: '1' }] },
      request: { name: `c${index}` },
    }),
  );
  const start = process.cpuUsage();
  const bytes = inputs.reduce((sum, input) => sum + serializeSpec(buildSpec(input)).length, 0);
  // Time of this process: tests run side by side.
  const { user, system } = process.cpuUsage(start);
  const elapsedMs = (user + system) / 1000;
  console.log(`1000 specs, ${Math.round(bytes / 1e6)} MB of JSON: ${Math.round(elapsedMs)} ms`);
  assert.ok(elapsedMs < 1000, `${elapsedMs} ms`);
});

test.run();
