import type { ContainerAccess } from '../../engine/index.ts';
import type { Service } from '../api/service.ts';
import type { DaemonHandle, DaemonOptions } from '../daemon/daemon-handle.ts';
import type { ServiceOptions } from '../arguments/service-options.ts';
import type { Io } from './io.ts';
import type { Options } from '../arguments/options.ts';

export type OutputFormat = 'text' | 'wide' | 'json' | 'yaml' | 'name';

/** What shell completion offers for a word. */
export type Completes = 'resource' | 'kind' | 'image' | 'file' | 'directory' | 'field';

export interface ArgumentSpec {
  /** As commander writes it: `<name>` must be given, `[name]` may be, `...` takes the rest. */
  name: string;
  description: string;
  completes?: Completes;
  choices?: readonly string[];
}

export interface OptionSpec {
  /** As commander writes it: `-f, --file <path>`. */
  flags: string;
  description: string;
  /** May be given several times; the values are collected. */
  repeatable?: true;
  choices?: readonly string[];
  completes?: Completes;
  /** With it a hosted command needs a process of its own all the same. */
  needsProcess?: true;
}

/** One command: what the command line, `--help`, completion and docs/cli.md are all made from. */
export interface CommandSpec {
  /** More than the summary in the tree says; may be empty. */
  description: string;
  arguments?: readonly ArgumentSpec[];
  options?: readonly OptionSpec[];
  /** Values of `-o` that it takes besides the plain text. */
  outputs?: readonly Exclude<OutputFormat, 'text'>[];
  examples?: readonly string[];
  /**
   * The daemon may run it in its own process for a client that is not Node: it uses nothing but what its invocation gives, and neither
   * reads nor writes anything large.
   */
  hosted?: true;
  /**
   * It is over, and well, as soon as nobody reads what it prints: what is printed is all that it is for. Any other goes on to its end, as it
   * may be in the middle of a change, and its exit code is to be relied on.
   */
  endsWithReader?: true;
  /** Returns the exit code; throws what should be printed once, at the edge. */
  run(invocation: Invocation): Promise<number>;
}

/** A command with everything about it loaded: what completion and the documentation are made from. */
export interface LoadedCommand {
  /** `image pull`. */
  path: string;
  name: string;
  summary: string;
  /** Null for a group. */
  spec: CommandSpec | null;
  children: readonly LoadedCommand[];
}

export interface LoadedGroup {
  title: string;
  commands: readonly LoadedCommand[];
}

export interface Globals {
  root: string;
  run: string;
  config: string;
  output: OutputFormat;
  colour: boolean;
  verbose: boolean;
}

/** What a command is given. */
export interface Invocation {
  args: readonly string[];
  options: Options;
  globals: Globals;
  io: Io;
  /** Given on Ctrl-C and SIGTERM. */
  signal: AbortSignal;
  wiring: Wiring;
  /** All commands, loaded; unless told otherwise those that are not hidden: for completion and documentation. */
  loadTree: (which?: 'shown' | 'all') => Promise<LoadedGroup[]>;
  /** Runs another command line in this process: what the daemon does for its clients. */
  runLine: RunLine;
  /** Opens the service once; it is closed when the command has ended. */
  service(): Promise<Service>;
}

/** Runs a command line, prints what failed, and returns the exit code. Throws only `RunElsewhere`. */
export type RunLine = (
  args: readonly string[],
  io: Io,
  wiring: Wiring,
  signal: AbortSignal,
) => Promise<number>;

/** How a command reaches the real things: `compose.ts`, or a test. */
export interface Wiring {
  openService: (options: ServiceOptions) => Promise<Service>;
  openDaemon: (options: DaemonOptions) => Promise<DaemonHandle>;
  cleanupContainer: (options: ServiceOptions, id: string | null, signal: AbortSignal) => Promise<void>;
  /** For looking into containers and working inside of them: neither daemon nor lock is needed. */
  openAccess: (options: ServiceOptions) => Promise<ContainerAccess>;
}
