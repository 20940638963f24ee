import type { ContainerRequest } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';

/** A descriptor that the service manager has passed to this process, sd_listen_fds(3). */
export interface PassedSocket {
  /** `FileDescriptorName=` of systemd.socket(5); `unknown` where it was given none. */
  name: string;
  fd: number;
}

/** SD_LISTEN_FDS_START. */
const FIRST_DESCRIPTOR = 3;

/** What was passed to the process `pid` that has these variables; nothing where they are meant for another one. */
export function passedSockets(
  env: Readonly<Record<string, string | undefined>> = process.env,
  pid: number = process.pid,
): PassedSocket[] {
  if (env['LISTEN_PID'] !== String(pid)) return [];
  const count = Number(env['LISTEN_FDS']);
  if (!Number.isInteger(count) || count < 1) return [];
  const names = (env['LISTEN_FDNAMES'] ?? '').split(':');
  return Array.from({ length: count }, (_, i) => ({ name: names[i] || 'unknown', fd: FIRST_DESCRIPTOR + i }));
}

/**
 * Those that the container is to have, in the manifest's order; several of one name all of them. Throws BAD_REQUEST for a name
 * that was not passed.
 */
export function socketsFor(
  request: Pick<ContainerRequest, 'name' | 'spec'>,
  passed: readonly PassedSocket[] = passedSockets(),
): PassedSocket[] {
  return (request.spec.listenFdNames ?? []).flatMap((name, i) => {
    const found = passed.filter((socket) => socket.name === name);
    if (found.length > 0) return found;
    const have = [...new Set(passed.map((socket) => socket.name))].join(', ');
    throw new EngineError(
      'BAD_REQUEST',
      `pass sockets to container/${request.name}: spec.listenFdNames[${String(i)}]: expected a socket that tsctr was given, ` +
        `found ${JSON.stringify(name)}; ${have === '' ? 'it was given none' : `it was given: ${have}`}`,
      {
        hint: `give a systemd.socket(5) unit FileDescriptorName=${name} and Service=tsctr.service, and start it before the daemon`,
      },
    );
  });
}
