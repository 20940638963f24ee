/** What systemd takes as the wish to halt, SIGRTMIN+3. */
export const SYSTEMD_STOP_SIGNAL = 37;

/** Programs that are an init, and so probably systemd. */
const INIT_PROGRAMS = ['/sbin/init', '/usr/sbin/init', '/usr/local/sbin/init'];

/** Whether the container runs systemd: as `spec.systemd` says, else by the look of its program, argv[0]. */
export function runsSystemd(systemd: 'auto' | 'always' | false | undefined, program: string): boolean {
  if (systemd !== undefined && systemd !== 'auto') return systemd === 'always';
  return INIT_PROGRAMS.includes(program) || program.split('/').at(-1) === 'systemd';
}
