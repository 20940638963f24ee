import { copyFile, open } from 'node:fs/promises';
import { hasErrno } from '../../native/index.ts';
import type { CriuResponse } from '../../schemas/index.ts';
import { classifyFailure } from './classify-failure.ts';
import { CriuError } from './criu-error.ts';
import { logExcerpt } from './log-excerpt.ts';

/** A log is a few hundred KiB; the end of a longer one is enough to say why. */
const MAX_LOG_BYTES = 4 << 20;

/** Where CRIU's log is, and where it goes when the operation fails and its directory is taken away. */
export interface LogPlace {
  logFile: string;
  keptLogFile: string;
}

/** The error for an answer without success: why in plain words, and the part of the log that tells it. */
export async function failureOf(operation: string, answer: CriuResponse, log: LogPlace): Promise<CriuError> {
  const { text, excerpt, kept } = await readFailedLog(log);
  const { cr_errno: errno = 0, cr_errmsg: message } = answer;
  const explanation = classifyFailure({ errno, log: text });
  return new CriuError({
    operation,
    errno,
    // cr_errmsg is the first error of the log, often one that does no harm: it is only asked where the log says nothing.
    ...(excerpt === '' && explanation.cause === 'unknown' ? {} : { explanation }),
    ...(message === undefined ? {} : { message }),
    excerpt,
    ...kept,
  });
}

/** An error of the transport (CRIU died, or was killed) with what it had logged until then. */
export async function withLog(error: unknown, operation: string, log: LogPlace): Promise<unknown> {
  if (!(error instanceof CriuError) || error.explanation !== null || error.excerpt !== '') return error;
  const { excerpt, kept } = await readFailedLog(log);
  return new CriuError({
    operation,
    reason: error.message.replace(`${operation}: `, ''),
    code: error.code,
    cause: error.cause,
    excerpt,
    ...kept,
  });
}

async function readFailedLog({
  logFile,
  keptLogFile,
}: LogPlace): Promise<{ text: string; excerpt: string; kept: { logFile?: string } }> {
  const text = await readLog(logFile);
  if (text === '') return { text, excerpt: '', kept: {} };
  const kept = await copyFile(logFile, keptLogFile).then(
    () => ({ logFile: keptLogFile }),
    () => ({}),
  );
  return { text, excerpt: logExcerpt(text), kept };
}

async function readLog(file: string): Promise<string> {
  try {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      const start = Math.max(0, size - MAX_LOG_BYTES);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return '';
    throw error;
  }
}
