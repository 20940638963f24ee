import { posix } from 'node:path';
import { EngineError } from '../engine-error.ts';

const ZONE_DIRECTORY = '/usr/share/zoneinfo';
const HOST_ZONE = '/etc/localtime';

/**
 * The file of the host that holds a time zone: `local` is the host's own, anything else a name below the zone directory.
 * The caller opens it beneath `directory`, as links may lead out of there, and refuses what is no file.
 */
export function zoneFile(zone: string, container: string): { directory: string; name: string } {
  if (zone === 'local') return { directory: '/', name: HOST_ZONE.slice(1) };
  const isName = /^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/.test(zone);
  if (!isName || posix.normalize(zone) !== zone) {
    throw new EngineError(
      'BAD_REQUEST',
      `set time zone of container ${container}: expected \`local\` or a zone such as Europe/Berlin, found \`${zone}\``,
    );
  }
  return { directory: ZONE_DIRECTORY, name: zone };
}
