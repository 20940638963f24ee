import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hasErrno } from '../../native/index.ts';
import type { ExecSessionInfo } from '../access.ts';
import type { ContainerPaths } from '../host-paths.ts';
import { readStartTicks } from '../process/process-identity.ts';
import { readPidFile } from '../process/pid-file.ts';
import { execDirectory, execPaths } from './exec-paths.ts';
import type { ExecPaths } from './exec-paths.ts';

interface SessionNote {
  command: readonly string[];
  startedAt: string;
}

/** Notes what a session runs and since when, for those who list sessions. */
export async function writeNote(paths: ExecPaths, command: readonly string[]): Promise<void> {
  const note: SessionNote = { command, startedAt: new Date().toISOString() };
  await writeFile(paths.note, JSON.stringify(note), { mode: 0o600 });
}

/** All sessions of which something is left, oldest first. */
export async function listSessions(paths: ContainerPaths, containerId: string): Promise<ExecSessionInfo[]> {
  const ids = (await namesIn(execDirectory(paths))).filter((name) => /^[0-9a-f]{64}$/.test(name));
  const sessions = await Promise.all(ids.map((id) => readSession(execPaths(paths, containerId, id), id)));
  return sessions.filter((session) => session !== null).sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
}

/** The exit code that conmon wrote; null while the process runs. */
export async function readExitCode(paths: ExecPaths): Promise<number | null> {
  const text = await readFileOrNull(paths.exitFile);
  if (text === null) return null;
  const code = Number.parseInt(text, 10);
  return Number.isNaN(code) ? -1 : code;
}

/** Removes what is left of sessions that ended, or whose monitor is gone: nobody waited for them. */
export async function pruneSessions(paths: ContainerPaths, containerId: string): Promise<void> {
  for (const session of await listSessions(paths, containerId)) {
    const { directory, monitorPidFile } = execPaths(paths, containerId, session.id);
    const monitor = await readPidFile(monitorPidFile);
    // One that is just being started has no monitor yet.
    const isOver = session.exitCode !== null && monitor !== null && (await readStartTicks(monitor)) === null;
    if (isOver) await rm(directory, { recursive: true, force: true });
  }
}

async function readSession(paths: ExecPaths, id: string): Promise<ExecSessionInfo | null> {
  const text = await readFileOrNull(paths.note);
  if (text === null) return null;
  const note = JSON.parse(text) as SessionNote;
  const [pid, exitCode, monitor] = await Promise.all([
    readPidFile(paths.pidFile),
    readExitCode(paths),
    readPidFile(paths.monitorPidFile),
  ]);
  if (exitCode !== null) return { id, ...note, pid: null, exitCode };
  const monitorIsGone = monitor !== null && (await readStartTicks(monitor)) === null;
  return { id, ...note, pid: monitorIsGone ? null : pid, exitCode: monitorIsGone ? -1 : null };
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

async function readFileOrNull(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return null;
    throw error;
  }
}
