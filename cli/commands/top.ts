import type { ContainerProcess } from '../../engine/index.ts';
import { requestOf } from '../arguments/choose-container.ts';
import type { CommandSpec } from '../command-line/command.ts';
import { EXIT } from '../command-line/exit-code.ts';
import { formatAge } from '../output/age.ts';
import { formatBytes } from '../output/bytes.ts';
import { painter } from '../output/colour.ts';
import { formatJson } from '../output/json.ts';
import { formatTable } from '../output/table.ts';
import type { Column } from '../output/table.ts';

export const top: CommandSpec = {
  description:
    'Those that were started with exec are among them. PID is that of the host, INNER that of the container.',
  arguments: [{ name: '<name>', description: 'web, container/web, pod/db', completes: 'resource' }],
  options: [{ flags: '-c, --container <name>', description: 'which container of the pod' }],
  outputs: ['json'],
  examples: ['tsctr top web'],
  run: async (invocation) => {
    const { wiring, globals, io, args } = invocation;
    const request = await requestOf(invocation, 'top', args);
    const processes = await (await wiring.openAccess(globals)).processes(request);
    if (globals.output === 'json') io.out(formatJson(processes));
    else if (processes.length === 0) io.err(`${request.name} has no processes\n`);
    else {
      const options = { paint: painter(globals.colour), columns: io.columns };
      io.out(formatTable(columns(io.now()), processes, options));
    }
    return EXIT.asWished;
  },
};

function columns(nowMs: number): Column<ContainerProcess>[] {
  return [
    { title: 'PID', value: ({ pid }) => String(pid) },
    { title: 'INNER', value: ({ innerPid }) => String(innerPid) },
    { title: 'UID', value: ({ uid }) => String(uid) },
    { title: 'STATE', value: ({ state }) => state },
    { title: 'CPU', value: ({ cpuMs }) => `${(cpuMs / 1000).toFixed(2)} s` },
    { title: 'MEMORY', value: ({ residentBytes }) => formatBytes(residentBytes) },
    { title: 'AGE', value: ({ startedAt }) => formatAge(nowMs - Date.parse(startedAt)) },
    { title: 'COMMAND', value: ({ command }) => command },
  ];
}
