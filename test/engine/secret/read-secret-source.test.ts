import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { RunCommand } from '../../../engine/process/run-command.ts';
import { readSecretSource } from '../../../engine/secret/read-secret-source.ts';
import type { SecretTools } from '../../../engine/secret/read-secret-source.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { withDirectory } from '../../support/scratch-directory.ts';

const WHAT = 'key password of secret db';
const NO_TOOLS: SecretTools = {
  runCommand: () => Promise.reject(new Error('nothing is to be run')),
  findTool: () => null,
};

/** What would be run, and what it answers. */
function recorded(answer: { exitCode: number; stdout?: string; stderr?: string }) {
  const calls: Parameters<RunCommand>[0][] = [];
  const tools: SecretTools = {
    findTool: (name) => `/usr/bin/${name}`,
    runCommand: (command) => {
      calls.push(command);
      const { exitCode, stdout = '', stderr = '' } = answer;
      return Promise.resolve({ exitCode, stdout: Buffer.from(stdout), stderr, signal: null });
    },
  };
  return { tools, calls };
}

async function withVariable(name: string, value: string, body: () => Promise<void>): Promise<void> {
  const before = process.env[name];
  process.env[name] = value;
  try {
    await body();
  } finally {
    if (before === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = before;
  }
}

test('[files.secrets] sops is called as its manual has it, for all or a part, with its own settings and no others', async () => {
  const { tools, calls } = recorded({ exitCode: 0, stdout: 'value' });
  await withVariable('SOPS_AGE_KEY_FILE', '/etc/keys.txt', async () => {
    await withVariable('DATABASE_URL', 'postgres://', async () => {
      const whole = await readSecretSource(tools, WHAT, { sopsFile: '/s.yaml' });
      assert.is(Buffer.from(whole).toString(), 'value');
      await readSecretSource(tools, WHAT, { sopsFile: '/s.yaml', extract: '["db"]["password"]' });
    });
  });
  assert.equal(
    calls.map(({ file, args }) => [file, ...args]),
    [
      ['/usr/bin/sops', '--decrypt', '/s.yaml'],
      ['/usr/bin/sops', '--decrypt', '--extract', '["db"]["password"]', '/s.yaml'],
    ],
  );
  const [first] = calls;
  assert.is(first?.env?.['SOPS_AGE_KEY_FILE'], '/etc/keys.txt');
  assert.is(first?.env?.['DATABASE_URL'], undefined);
});

test('[files.secrets] age gets the identity of the manifest, or the default one', async () => {
  const { tools, calls } = recorded({ exitCode: 0 });
  await readSecretSource(tools, WHAT, { ageFile: '/s.age' });
  await readSecretSource(tools, WHAT, { ageFile: '/s.age', identity: '/own.key' });
  assert.equal(
    calls.map(({ args }) => args),
    [
      ['--decrypt', '--identity', '/etc/tsctr/age.key', '/s.age'],
      ['--decrypt', '--identity', '/own.key', '/s.age'],
    ],
  );
});

test('[files.secrets] a tool that fails is named with its last line, and what it printed as value is not told', async () => {
  const { tools } = recorded({
    exitCode: 128,
    stdout: 'half-of-a-value',
    stderr: 'key service\nno key found\n',
  });
  const error = await rejectionOf(readSecretSource(tools, WHAT, { sopsFile: '/s.yaml' }));
  assert.is(error.code, 'COMMAND_FAILED');
  assert.is(error.message, `read ${WHAT}: sops ended with 128: no key found`);
  const missing = await rejectionOf(readSecretSource(NO_TOOLS, WHAT, { ageFile: '/s.age' }));
  assert.is(missing.code, 'TOOL_MISSING');
  assert.is(missing.message, `read ${WHAT}: age is not installed`);
});

test('[files.secrets] a credential is a file of the directory that systemd gives the service', async () => {
  await withDirectory(async (directory) => {
    writeFileSync(path.join(directory, 'db'), 'from systemd');
    await withVariable('CREDENTIALS_DIRECTORY', directory, async () => {
      const value = await readSecretSource(NO_TOOLS, WHAT, { credential: 'db' });
      assert.is(Buffer.from(value).toString(), 'from systemd');
      const none = await rejectionOf(readSecretSource(NO_TOOLS, WHAT, { credential: 'other' }));
      assert.match(none.message, /other: ENOENT$/);
    });
  });
  const outside = await rejectionOf(readSecretSource(NO_TOOLS, WHAT, { credential: 'db' }));
  assert.match(outside.message, 'tsctr runs in no service with credentials');
});

test('[files.secrets] a fifo, a directory or a file that is too large is refused at once', async () => {
  await withDirectory(async (directory) => {
    const at = (name: string): string => path.join(directory, name);
    execFileSync('mkfifo', [at('fifo')]);
    mkdirSync(at('directory'));
    writeFileSync(at('large'), Buffer.alloc((1 << 20) + 1));
    for (const [name, why] of [
      ['fifo', 'is no regular file'],
      ['directory', 'is no regular file'],
      ['large', 'has more than 1048576 bytes'],
    ] as const) {
      const error = await rejectionOf(readSecretSource(NO_TOOLS, WHAT, { file: at(name) }));
      assert.is(error.code, 'BAD_REQUEST');
      assert.match(error.message, why);
    }
  });
});

test.run();
