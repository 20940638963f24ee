import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { importDemoImage } from '../support/demo-image.ts';
import { createTestRoot } from '../support/test-root.ts';
import type { TestRoot } from '../support/test-root.ts';
import { until } from '../support/until.ts';

/** Nothing else on this machine holds these. */
const FIRST = 'first-value-7f3a9c';
const SECOND = 'second-value-b81e04';
const KEY = 'db-password';

const test = suite<{ testRoot: TestRoot }>('secrets', {} as { testRoot: TestRoot });

test.before(async (context) => {
  context.testRoot = await createTestRoot();
  await importDemoImage(context.testRoot);
});

test.after(async ({ testRoot }) => {
  assert.equal(await testRoot.remove(), []);
});

function secretManifest(value: string, policy = 'update', extra = ''): string {
  return `apiVersion: tsctr.dev/v1
kind: Secret
metadata: { name: db }
stringData: { ${KEY}: ${value} }
rotation: { policy: ${policy}${extra} }
`;
}

/** Prints checksums only, so that its own log holds no value. */
const WEB = `---
apiVersion: tsctr.dev/v1
kind: Container
metadata: { name: web }
spec:
  image: localhost/demo:1
  terminationGracePeriodSeconds: 0
  command: [sh, -c, 'trap "echo hup" HUP; while :; do md5sum < /run/secrets/db; sleep 0.2; done']
  secrets:
    - { name: db, uid: 5, gid: 6, mode: "0400" }
    - { name: db, target: /opt/password }
    - { name: db, env: PASSWORD }
  env: [{ name: FROM_KEY, valueFrom: { secretKeyRef: { name: db, key: ${KEY} } } }]
  volumes: [{ name: db, secret: { secretName: db } }]
  volumeMounts: [{ name: db, mountPath: /volume }]
`;

async function inside(testRoot: TestRoot, script: string): Promise<string> {
  return testRoot.output(['exec', 'web', '--', 'sh', '-c', script]);
}

/** Files below the directory that hold the text; of the rest of the machine nothing is read. */
function filesWith(text: string, directory: string): string[] {
  const found = execFileSync('/bin/sh', ['-c', 'grep -rlaF -e "$1" "$2" || true', 'sh', text, directory]);
  return found.toString().split('\n').filter(Boolean);
}

test('[files.secrets] as files with owner and mode, at a place of their own, in a volume, and as variables', async ({
  testRoot,
}) => {
  const file = await testRoot.write('web.yaml', secretManifest(FIRST) + WEB);
  await testRoot.output(['apply', '-f', file, '--wait']);
  assert.is(await inside(testRoot, 'cat /run/secrets/db'), FIRST);
  assert.is(await inside(testRoot, 'stat -c "%u %g %a" /run/secrets/db'), '5 6 400\n');
  assert.is(await inside(testRoot, 'cat /opt/password; stat -c "%a" /opt/password'), `${FIRST}444\n`);
  assert.is(await inside(testRoot, `cat /volume/${KEY}`), FIRST);
  assert.is(await inside(testRoot, 'echo $PASSWORD $FROM_KEY'), `${FIRST} ${FIRST}\n`);
  assert.match(await inside(testRoot, 'grep " /run/secrets tmpfs " /proc/mounts'), / tmpfs /);
});

test('[files.secrets] the value is in no record, event, log, spec dump or output', async ({ testRoot }) => {
  const record = path.join(testRoot.root, 'db');
  assert.equal(filesWith(FIRST, record), []);
  const encoded = Buffer.from(FIRST).toString('base64');
  for (const text of [FIRST, encoded]) {
    for (const args of [
      ['get', '-o', 'json'],
      ['get', 'secrets', '-o', 'yaml'],
      ['get', 'secrets'],
      ['describe', 'container/web'],
      ['logs', 'web'],
      ['spec', 'web'],
      ['spec', 'web', '--explain'],
      ['diff', '-f', path.join(testRoot.directory, 'web.yaml')],
    ]) {
      assert.not.match(await outputEvenIfChanged(testRoot, args), new RegExp(text), args.join(' '));
    }
  }
  const kept = path.join(testRoot.root, 'secrets', 'db.json');
  assert.is(statSync(kept).mode & 0o777, 0o600);
  assert.is(statSync(path.dirname(kept)).mode & 0o777, 0o700);
  // While it runs, the runtime needs the variable, in a file that only root reads; all else is in memory.
  const [id = ''] = readdirSync(path.join(testRoot.run, 'containers'));
  const config = path.join(testRoot.run, 'containers', id, 'config.json');
  assert.is(statSync(config).mode & 0o777, 0o600);
});

async function outputEvenIfChanged(testRoot: TestRoot, args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await testRoot.tsctr(args);
  return stdout + stderr;
}

test('[files.secrets] rotation update: the files change in place, and the process is the same', async ({
  testRoot,
}) => {
  const before = await pidOf(testRoot);
  const file = await testRoot.write('web.yaml', secretManifest(SECOND) + WEB);
  const printed = await testRoot.output(['apply', '-f', file, '--wait']);
  assert.not.match(printed, new RegExp(`${FIRST}|${SECOND}`));
  assert.is(await inside(testRoot, 'cat /run/secrets/db'), SECOND);
  assert.is(await inside(testRoot, 'cat /opt/password'), SECOND);
  assert.is(await inside(testRoot, `cat /volume/${KEY}`), SECOND);
  assert.is(await inside(testRoot, 'echo $PASSWORD'), `${FIRST}\n`, 'variables change with the next start');
  assert.is(await pidOf(testRoot), before);
});

test('[files.secrets] rotation signal: files change, and the first process is told', async ({ testRoot }) => {
  const before = await pidOf(testRoot);
  const file = await testRoot.write('web.yaml', secretManifest(FIRST, 'signal', ', signal: HUP') + WEB);
  await testRoot.output(['apply', '-f', file, '--wait']);
  assert.is(await inside(testRoot, 'cat /run/secrets/db'), FIRST);
  await until(async () => /^hup$/m.test(await testRoot.output(['logs', 'web'])), {
    what: 'the signal is noticed',
  });
  assert.is(await pidOf(testRoot), before);
});

test('[files.secrets] rotation restart: the container is restarted, variables and all', async ({
  testRoot,
}) => {
  const before = await pidOf(testRoot);
  const file = await testRoot.write('web.yaml', secretManifest(SECOND, 'restart') + WEB);
  await testRoot.output(['apply', '-f', file, '--wait']);
  assert.is.not(await pidOf(testRoot), before);
  assert.is(await inside(testRoot, 'echo $PASSWORD'), `${SECOND}\n`);
});

async function pidOf(testRoot: TestRoot): Promise<number> {
  const { status } = JSON.parse(await testRoot.output(['get', 'container/web', '-o', 'json'])) as {
    status: { pid: number };
  };
  return status.pid;
}

test('[files.secrets] after the container and the secret are gone, no value is anywhere', async ({
  testRoot,
}) => {
  await testRoot.output(['delete', 'container/web']);
  const kept = filesWith(Buffer.from(SECOND).toString('base64'), testRoot.root);
  assert.equal(kept, [path.join(testRoot.root, 'secrets', 'db.json')], 'the secret itself is still there');
  await testRoot.output(['delete', 'secret/db']);
  for (const value of [FIRST, SECOND]) {
    for (const text of [value, Buffer.from(value).toString('base64')]) {
      for (const directory of [testRoot.root, testRoot.run]) {
        assert.equal(filesWith(text, directory), [], text);
      }
    }
  }
});

test('[files.secrets] one that is missing is named, and the container starts when it comes', async ({
  testRoot,
}) => {
  const web = await testRoot.write('late.yaml', WEB);
  const { stdout, stderr } = await testRoot.tsctr(['apply', '-f', web]);
  assert.match(stdout + stderr, /secret db is not there|secret db/);
  const secret = await testRoot.write('secret.yaml', secretManifest(FIRST));
  await testRoot.output(['apply', '-f', secret, '--wait']);
  assert.is(await inside(testRoot, 'cat /run/secrets/db'), FIRST);
  await testRoot.output(['delete', 'container/web', 'secret/db']);
});

test('[files.secrets] values from a file, and a systemd credential; a missing one is named', async ({
  testRoot,
}) => {
  const plain = await testRoot.write('password', FIRST);
  await testRoot.write('credentials/token', SECOND);
  const manifest = `apiVersion: tsctr.dev/v1
kind: Secret
metadata: { name: db }
from:
  file: { file: ${plain} }
  token: { credential: token }
`;
  const file = await testRoot.write('from.yaml', manifest);
  const credentials = { CREDENTIALS_DIRECTORY: path.join(testRoot.directory, 'credentials') };
  await testRoot.output(['apply', '-f', file], { env: credentials });
  const kept = JSON.parse(readFileSync(path.join(testRoot.root, 'secrets/db.json'), 'utf8')) as {
    entries: Record<string, string>;
  };
  const values = Object.values(kept.entries).map((value) => Buffer.from(value, 'base64').toString());
  assert.equal(values, [FIRST, SECOND]);
  const missing = await testRoot.write('missing.yaml', manifest.replace(plain, '/no/such/file'));
  const refused = await testRoot.tsctr(['apply', '-f', missing], { env: credentials });
  assert.is.not(refused.exitCode, 0);
  assert.match(refused.stderr, /key file of secret db: \/no\/such\/file: ENOENT/);
  await testRoot.output(['delete', '-f', file]);
});

test.run();
