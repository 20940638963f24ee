import { existsSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { EngineError } from '../engine-error.ts';
import type { EngineErrorCode } from '../engine-error.ts';
import type { CommandResult, RunCommand } from '../process/run-command.ts';
import { openStartGate, START_GATE } from './open-start-gate.ts';

/** The verbs of an OCI runtime's command line that are the same for runc and crun (runtime-spec, runtime.md). */
export interface OciRuntime {
  /** The program that creates new containers. */
  readonly path: string;
  /** Arguments that stand before every verb. */
  readonly globalArgs: readonly string[];
  /** To be called before a creation: from then on this program (default: `path`) has the container, whatever the configuration names later. */
  claim(id: string, program?: string): void;
  /** The program that has the container; runtimes do not understand each other's state. */
  programOf(id: string): string;
  /** start: lets the created process execute what the spec says. */
  start(id: string): Promise<void>;
  /** delete --force: nothing of it may remain; one that does not exist is no error. */
  delete(id: string): Promise<void>;
  /** update --resources: `resources` is the `linux.resources` of a spec. */
  update(id: string, resources: object): Promise<void>;
  /** True between create and start: then the FIFO that start opens exists. */
  isCreated(id: string): boolean;
  /** True when the runtime has state of this container. */
  exists(id: string): boolean;
  /** Ids of all containers that the runtime has state of. */
  list(): Promise<string[]>;
}

/**
 * `root` is the runtime's own `--root`, apart from that of others. `programLink` says where a symbolic link to the program that has a
 * container may be; it goes with the container's other volatile files.
 */
export function createOciRuntime(options: {
  path: string;
  root: string;
  programLink: (id: string) => string;
  systemdCgroup: boolean;
  runCommand: RunCommand;
}): OciRuntime {
  const globalArgs = ['--root', options.root, ...(options.systemdCgroup ? ['--systemd-cgroup'] : [])];
  const programOf = (id: string): string => {
    try {
      const program = readlinkSync(options.programLink(id));
      // An upgrade may have moved it: then the present one is the best guess.
      return existsSync(program) ? program : options.path;
    } catch {
      return options.path;
    }
  };
  const run = async (
    verb: string,
    id: string,
    args: readonly string[] = [],
    input?: string,
  ): Promise<CommandResult> =>
    options.runCommand({
      file: programOf(id),
      args: [...globalArgs, verb, ...args, id],
      timeoutMs: RUNTIME_TIMEOUT_MS,
      ...(input === undefined ? {} : { input }),
    });
  const expectSuccess = (result: CommandResult, what: string): void => {
    if (result.exitCode !== 0) throw runtimeError(what, lastLine(result.stderr));
  };
  // crun writes where runc reads.
  const opensGate = (id: string): boolean => path.basename(programOf(id)) === 'runc';
  const stateOf = (id: string): string => path.join(options.root, id);
  return {
    path: options.path,
    globalArgs,
    claim: (id, program = options.path) => {
      const link = options.programLink(id);
      rmSync(link, { force: true });
      symlinkSync(program, link);
    },
    programOf,
    start: async (id) => {
      if (opensGate(id) && (await openStartGate(path.join(stateOf(id), START_GATE)))) return;
      expectSuccess(await run('start', id), `start ${id.slice(0, 12)}`);
    },
    delete: async (id) => {
      if (!existsSync(stateOf(id))) return;
      expectSuccess(await run('delete', id, ['--force']), `delete ${id.slice(0, 12)}`);
    },
    update: async (id, resources) => {
      expectSuccess(
        await run('update', id, ['--resources', '-'], JSON.stringify(resources)),
        `update ${id.slice(0, 12)}`,
      );
    },
    isCreated: (id) => existsSync(path.join(stateOf(id), START_GATE)),
    exists: (id) => existsSync(stateOf(id)),
    list: async () => (existsSync(options.root) ? readdir(options.root) : []),
  };
}

const RUNTIME_TIMEOUT_MS = 60_000;

/** From what the runtime wrote to a typed error; the runtimes have no codes, so their words decide, as podman does it. */
export function runtimeError(what: string, message: string): EngineError {
  const text = cleanMessage(message);
  let code: EngineErrorCode = 'RUNTIME_FAILED';
  if (/executable file not found|exec: .*no such file or directory|open executable/i.test(text)) {
    code = 'COMMAND_NOT_FOUND';
  } else if (/exec.*(permission denied|operation not permitted)/i.test(text)) {
    code = 'COMMAND_NOT_EXECUTABLE';
  }
  return new EngineError(code, `${what}: ${text === '' ? 'the runtime failed without a word' : text}`);
}

/** Takes the text out of runc's `time="…" level=error msg="…"`. */
function cleanMessage(message: string): string {
  const quoted = /msg="((?:[^"\\]|\\.)*)"/.exec(message)?.[1];
  return (quoted === undefined ? message : quoted.replace(/\\(.)/g, '$1')).trim();
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
