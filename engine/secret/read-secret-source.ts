import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../../native/index.ts';
import { MAX_DATA_BYTES } from '../../schemas/index.ts';
import type { SecretSource } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';
import type { EngineErrorCode } from '../engine-error.ts';
import { ownEnvironment } from '../process/run-command.ts';
import type { RunCommand } from '../process/run-command.ts';

const DEFAULT_IDENTITY = '/etc/tsctr/age.key';
const TOOL_TIMEOUT_MS = 60_000;

/** The programs that decrypt, and how they are found. */
export interface SecretTools {
  runCommand: RunCommand;
  findTool: (name: string) => string | null;
}

/**
 * The value of one key, from where its manifest says that it is. No message ever holds what was read, nor what a tool printed
 * on standard output. Throws BAD_REQUEST, or TOOL_MISSING where age or sops would be needed.
 */
export async function readSecretSource(
  tools: SecretTools,
  what: string,
  source: SecretSource,
): Promise<Uint8Array> {
  if (source.file !== undefined) return readSmallFile(what, source.file);
  if (source.credential !== undefined) return readCredential(what, source.credential);
  if (source.ageFile !== undefined) {
    const identity = source.identity ?? DEFAULT_IDENTITY;
    return decrypt(tools, what, 'age', ['--decrypt', '--identity', identity, source.ageFile]);
  }
  if (source.sopsFile !== undefined) {
    const part = source.extract === undefined ? [] : ['--extract', source.extract];
    return decrypt(tools, what, 'sops', ['--decrypt', ...part, source.sopsFile]);
  }
  throw failure('BAD_REQUEST', what, 'the manifest does not say where its value comes from');
}

/** systemd.exec(5): credentials of the service are files below $CREDENTIALS_DIRECTORY. */
function readCredential(what: string, name: string): Promise<Uint8Array> {
  const directory = process.env['CREDENTIALS_DIRECTORY'];
  if (directory === undefined) {
    throw failure(
      'BAD_REQUEST',
      what,
      `credential ${name}: tsctr runs in no service with credentials`,
      'give the service LoadCredential= or SetCredential=, and let its daemon apply the manifest',
    );
  }
  return readSmallFile(what, path.join(directory, name));
}

async function readSmallFile(what: string, file: string): Promise<Uint8Array> {
  try {
    // A fifo would keep us waiting for somebody who writes.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const status = await handle.stat();
      if (!status.isFile()) throw failure('BAD_REQUEST', what, `${file} is no regular file`);
      if (status.size > MAX_DATA_BYTES) {
        throw failure('BAD_REQUEST', what, `${file} has more than ${String(MAX_DATA_BYTES)} bytes`);
      }
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EISDIR')) throw error;
    throw failure('BAD_REQUEST', what, `${file}: ${(error as NodeJS.ErrnoException).code ?? ''}`);
  }
}

async function decrypt(
  { runCommand, findTool }: SecretTools,
  what: string,
  tool: string,
  args: readonly string[],
): Promise<Uint8Array> {
  const file = findTool(tool);
  if (file === null) {
    throw failure(
      'TOOL_MISSING',
      what,
      `${tool} is not installed`,
      `install ${tool}, or take the value from elsewhere`,
    );
  }
  const result = await runCommand({
    file,
    args,
    env: { ...ownEnvironment(), ...toolSettings() },
    timeoutMs: TOOL_TIMEOUT_MS,
    maxOutputBytes: MAX_DATA_BYTES,
  });
  if (result.exitCode === 0) return result.stdout;
  const reason = result.stderr.trim().split('\n').at(-1) ?? '';
  throw failure('COMMAND_FAILED', what, `${tool} ended with ${String(result.exitCode)}: ${reason}`);
}

/** Where sops finds its keys, as its manual has it. */
function toolSettings(): Record<string, string> {
  const settings = Object.entries(process.env).filter(([name]) => name.startsWith('SOPS_'));
  return Object.fromEntries(settings.map(([name, value]) => [name, value ?? '']));
}

function failure(code: EngineErrorCode, what: string, why: string, hint?: string): EngineError {
  return new EngineError(code, `read ${what}: ${why}`, hint === undefined ? {} : { hint });
}
