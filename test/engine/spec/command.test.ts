import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildSpec } from '../../../engine/spec/build-spec.ts';
import { specInput, validSpec } from '../../support/spec-input.ts';
import { assertRefused } from '../../support/throws.ts';

const IMAGE = { imageConfig: { Entrypoint: ['/entry'], Cmd: ['cmd', 'word'] } };

/** The table of Kubernetes, "Define a Command and Arguments for a Container". */
const CASES = [
  { spec: {}, args: ['/entry', 'cmd', 'word'], title: 'nothing takes both from the image' },
  { spec: { command: ['/own'] }, args: ['/own'], title: "command drops the image's command" },
  { spec: { args: ['a'] }, args: ['/entry', 'a'], title: "args replaces the image's command" },
  { spec: { command: ['/own'], args: ['a'] }, args: ['/own', 'a'], title: 'both replace both' },
  { spec: { command: [], args: [] }, args: ['/entry', 'cmd', 'word'], title: 'empty lists say nothing' },
];

for (const { spec, args, title } of CASES) {
  test(`[spec.command] ${title}`, () => {
    assert.equal(validSpec({ spec, input: IMAGE }).process.args, args);
  });
}

test('[spec.command] command and args refer to variables of the manifest, not to those of the image', () => {
  const { process } = validSpec({
    spec: {
      command: ['$(TOOL)', '$$(TOOL)'],
      args: ['$(OTHER) $(IMAGE)', '$('],
      env: [{ name: 'TOOL', value: '/t' }],
    },
    input: { imageConfig: { Env: ['IMAGE=1'] } },
  });
  assert.equal(process.args, ['/t', '$(TOOL)', '$(OTHER) $(IMAGE)', '$(']);
});

test('[spec.command] no command anywhere is an error that names the container', () => {
  const run = (): unknown => buildSpec(specInput({ input: { imageConfig: {} } }));
  assertRefused(run, 'BAD_REQUEST', 'container web', 'no command');
});

test('[spec.timezone-umask-init] init runs the command under an init process that is mounted read-only', () => {
  const { process, mounts } = validSpec({ spec: { init: true, command: ['/own'] } });
  assert.equal(process.args, ['/run/tsctr-init', '--', '/own']);
  const init = mounts.find(({ destination }) => destination === '/run/tsctr-init');
  assert.is(init?.source, '/usr/libexec/podman/catatonit');
  assert.ok(init?.options.includes('ro'));
});

test('[spec.timezone-umask-init] init without catatonit on the host says what is missing', () => {
  const input = specInput({ spec: { init: true } });
  const host = { ...input.host, tools: { ...input.host.tools, catatonit: null } };
  assertRefused(() => buildSpec({ ...input, host }), 'TOOL_MISSING', 'catatonit');
});

test.run();
