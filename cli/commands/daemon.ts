import { resolve } from 'node:path';
import type { CommandSpec } from '../command-line/command.ts';
import { EXIT } from '../command-line/exit-code.ts';
import { DEFAULT_MANIFESTS } from '../arguments/global-options.ts';

export const daemon: CommandSpec = {
  description:
    'Follows a directory of manifests, repairs what drifts, and serves the other commands on <run>/tsctr.sock.\n' +
    'SIGTERM and SIGINT end it; containers go on. Under systemd it is Type=notify, and feeds the watchdog.',
  options: [
    {
      flags: '--manifests <directory>',
      description: `directory of manifests (default: ${DEFAULT_MANIFESTS})`,
      completes: 'directory',
    },
    {
      flags: '--log-level <level>',
      description: 'info unless said otherwise',
      choices: ['debug', 'info', 'warn', 'error'],
    },
    {
      flags: '--log-file <file>',
      description: 'in place of standard error; SIGHUP opens it anew',
      completes: 'file',
    },
  ],
  examples: ['tsctr daemon', 'tsctr daemon --manifests ./manifests --root /tmp/t --run /tmp/t/run'],
  run: async ({ options, globals, io, signal, wiring, loadTree, runLine }) => {
    const [{ openDaemonLog }, { runDaemon }, { connectServiceManager }, { serve }, { versionNumber }] =
      await Promise.all([
        import('../daemon/daemon-log.ts'),
        import('../daemon/run-daemon.ts'),
        import('../daemon/service-manager.ts'),
        import('../api/server.ts'),
        import('../version-number.ts'),
      ]);
    const [{ CommandHost }, { ownPlace }, { createLinuxKernel }] = await Promise.all([
      import('../hosted/command-host.ts'),
      import('../hosted/command-request.ts'),
      import('../../native/index.ts'),
    ]);
    const { readConfiguration } = await import('../local/read-configuration.ts');
    const { manifests: configured } = await readConfiguration(globals.config);
    const { log, close } = await openDaemonLog({
      level: options.text('logLevel') ?? (globals.verbose ? 'debug' : 'info'),
      file: options.text('logFile'),
    });
    try {
      const { root, run } = globals;
      await runDaemon({
        options: {
          root,
          run,
          config: globals.config,
          manifests: resolve(io.cwd, options.text('manifests') ?? configured ?? DEFAULT_MANIFESTS),
          log,
        },
        version: versionNumber(),
        log,
        manager: await connectServiceManager(io.env, () => Promise.resolve(createLinuxKernel()), log),
        openDaemon: wiring.openDaemon,
        serve,
        hostCommands: (service) =>
          new CommandHost({
            ...{ service, root, run, log, loadTree, runLine },
            place: ownPlace(),
            kernel: createLinuxKernel(),
          }),
        signal,
      });
    } finally {
      close();
    }
    return EXIT.asWished;
  },
};
