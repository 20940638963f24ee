import type { Duplex } from 'node:stream';
import type { Kernel } from '../../native/index.ts';
import { LARGEST_BODY_BYTES } from '../api/routes.ts';
import { connectionLost } from '../api/connection-lost.ts';
import type { ServerEnds } from '../api/server.ts';
import type { Service } from '../api/service.ts';
import type { LoadedCommand, LoadedGroup, RunLine, Wiring } from '../command-line/command.ts';
import type { DaemonLog } from '../daemon/daemon-handle.ts';
import { EXIT } from '../command-line/exit-code.ts';
import { findCommandWords } from '../command-line/find-command.ts';
import type { Io } from '../command-line/io.ts';
import { optionWords } from '../command-line/loaded-command.ts';
import { printError, wantsJson } from '../command-line/print-error.ts';
import { RunElsewhere } from '../command-line/run-elsewhere.ts';
import { clientFiles } from './client-files.ts';
import { ClientSession } from './client-session.ts';
import type { AskedCommand } from './client-session.ts';
import { ClientStream } from './client-stream.ts';
import { isSamePlace } from './command-request.ts';
import type { CommandRequest, Place } from './command-request.ts';
import { FrameReader, TO_CLIENT } from './frames.ts';
import { hostedService } from './hosted-service.ts';

export interface CommandHostOptions {
  service: Service;
  root: string;
  run: string;
  /** Where the daemon is; null: nobody can be at the same place. */
  place: Place | null;
  kernel: Pick<Kernel, 'openat2' | 'close'>;
  loadTree: (which: 'all') => Promise<LoadedGroup[]>;
  runLine: RunLine;
  log: Pick<DaemonLog, 'error'>;
}

/** Largest frame from a client: a command line, or a piece of its input. */
const LARGEST_FRAME_BYTES = 4 * 1024 * 1024;

/**
 * Runs command lines in the daemon for clients that are not Node: each with streams, environment, directory and signal of its
 * own. Whatever goes wrong ends that command only.
 */
export class CommandHost {
  readonly #options: CommandHostOptions;
  #commands: Promise<LoadedGroup[]> | null = null;

  constructor(options: CommandHostOptions) {
    this.#options = options;
  }

  /** Loads what commands need, so that the first one does not wait for it. */
  async prepare(): Promise<void> {
    await Promise.all([this.#tree(), import('commander')]);
  }

  /** Serves one client from its first frame to the end. Never throws. */
  serve(socket: Duplex, ends: ServerEnds): void {
    const client = new ClientStream(socket);
    const session = new ClientSession(client, (asked) => this.#run(asked, ends));
    const reader = new FrameReader(LARGEST_FRAME_BYTES);
    const cutOff = (): void => {
      socket.destroy();
    };
    ends.cutOff.addEventListener('abort', cutOff, { signal: client.gone });
    socket.on('data', (bytes: Buffer) => {
      try {
        for (const frame of reader.feed(bytes)) session.take(frame);
      } catch (error) {
        this.#options.log.error({ err: error }, 'a client of commands was cut off');
        socket.destroy();
      }
    });
  }

  async #run(asked: AskedCommand, ends: ServerEnds): Promise<void> {
    const { request, client, signal } = asked;
    const { service, root, run, place, kernel, runLine, log } = this.#options;
    try {
      const isHere = place !== null && isSamePlace(place, request.place);
      if (!isHere || !(await this.#isHosted(request.args))) throw new RunElsewhere();
      const io = ioOf(asked, kernel);
      client.send(TO_CLIENT.lastWords, lastWords(request, io));
      const wiring = hostedWiring(hostedService(service, ends.closing), { root, run });
      const code = await runLine(request.args, io, wiring, signal);
      client.end(TO_CLIENT.exit, String(code));
    } catch (error) {
      if (error instanceof RunElsewhere && !client.hasPrinted) {
        client.end(TO_CLIENT.elsewhere, '');
        return;
      }
      log.error({ err: error, args: request.args }, 'a hosted command failed');
      client.end(TO_CLIENT.exit, String(EXIT.failed));
    }
  }

  /** Whether the daemon may run this command, as far as the words tell. */
  async #isHosted(args: readonly string[]): Promise<boolean> {
    if (args.some((arg) => NEVER_HOSTED.test(arg))) return false;
    const command = findCommand(await this.#tree(), findCommandWords(args, 3));
    if (command?.spec?.hosted !== true) return false;
    const forbidden = (command.spec.options ?? []).filter(({ needsProcess }) => needsProcess === true);
    const words = forbidden.map((option) => `--${optionWords(option).long}`);
    return !args.some((arg) => words.some((word) => arg === word || arg.startsWith(`${word}=`)));
  }

  #tree(): Promise<LoadedGroup[]> {
    return (this.#commands ??= this.#options.loadTree('all'));
  }
}

/** Help knows the width of this process's terminal, and stack traces are those of this process. */
const NEVER_HOSTED = /^(?:--(?:help|verbose|version)$|-[^-]*[hvV])/;

function findCommand(groups: readonly LoadedGroup[], words: readonly string[]): LoadedCommand | null {
  let among = groups.flatMap(({ commands }) => commands);
  let found: LoadedCommand | null = null;
  for (const word of words) {
    const next = among.find(({ name }) => name === word);
    if (next === undefined) break;
    found = next;
    among = [...next.children];
  }
  return found;
}

function ioOf(
  { request, client, input, readerGone }: AskedCommand,
  kernel: CommandHostOptions['kernel'],
): Io {
  const { outIsTerminal, errIsTerminal, columns, env, cwd } = request;
  return {
    out: (text) => client.print(TO_CLIENT.out, text),
    err: (text) => {
      client.print(TO_CLIENT.err, text);
    },
    drained: () => client.drained(),
    readerGone,
    outIsTerminal,
    errIsTerminal,
    columns,
    env,
    cwd,
    readInput: () => input.read(() => client.send(TO_CLIENT.wantsInput, ''), client.gone),
    files: clientFiles(kernel, { mostBytes: LARGEST_BODY_BYTES }),
    now: () => Date.now(),
  };
}

/** What the client would print by itself if it heard no more. */
function lastWords({ args }: CommandRequest, io: Io): string {
  let text = '';
  const listening = { ...io, err: (more: string) => void (text += more) };
  printError(connectionLost(), listening, { json: wantsJson(args), verbose: false });
  return text;
}

/** The service is there already, if it is the one that is asked for. */
function hostedWiring(service: Service, { root, run }: { root: string; run: string }): Wiring {
  const refuse = (): Promise<never> => Promise.reject(new RunElsewhere());
  return {
    openService: (options) =>
      options.root === root && options.run === run ? Promise.resolve(service) : refuse(),
    openDaemon: refuse,
    cleanupContainer: refuse,
    openAccess: refuse,
  };
}
