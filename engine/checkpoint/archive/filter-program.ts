import net from 'node:net';
import { SIGKILL } from '../../../native/index.ts';
import type { Kernel } from '../../../native/index.ts';
import { EngineError } from '../../engine-error.ts';
import { findProgram } from '../../host.ts';

/** A program that turns its input into its output: `xz`, `bzip2`. */
export interface FilterProgram {
  file: string;
  args: readonly string[];
}

export function requireProgram(name: string, operation: string): string {
  const file = findProgram(name);
  if (file !== null) return file;
  throw new EngineError('TOOL_MISSING', `${operation}: ${name} is not installed`, {
    hint: `install the package ${name === 'xz' ? 'xz-utils' : name}`,
  });
}

/** The output of a program that reads the file `input` (a descriptor, from its position) to its end. */
export async function* readThrough(
  kernel: Kernel,
  program: FilterProgram,
  input: number,
  operation: string,
): AsyncGenerator<Buffer> {
  const [readEnd, writeEnd] = openWidePipe(kernel);
  const child = spawnFilter(kernel, program, [input, writeEnd, null], { ours: readEnd, theirs: writeEnd });
  const source = new net.Socket({ fd: readEnd, readable: true, writable: false });
  let finished = false;
  try {
    for await (const chunk of source) yield chunk as Buffer;
    finished = true;
  } finally {
    source.destroy();
    if (!finished) kernel.pidfdSendSignal(child.pidfd, SIGKILL);
    const { code } = await kernel.waitChild(child.pidfd);
    kernel.close(child.pidfd);
    if (finished && code !== 0) {
      throw new EngineError('CHECKPOINT_INVALID', `${operation}: its compressed data are damaged or cut off`);
    }
  }
}

/** Each time that it is full, or empty, one of both waits for a turn on a processor: sixteen times as rarely as with 64 KiB. */
const PIPE_BYTES = 1 << 20;

function openWidePipe(kernel: Kernel): [number, number] {
  const pipe = kernel.pipe2(0);
  try {
    kernel.setPipeSize(pipe[1], PIPE_BYTES);
  } catch {
    // The host allows less: it is slower.
  }
  return pipe;
}

function spawnFilter(
  kernel: Kernel,
  { file, args }: FilterProgram,
  fds: readonly (number | null)[],
  pipe: { ours: number; theirs: number },
): { pidfd: number } {
  try {
    return kernel.spawn({ file, args: [file, ...args], env: [], fds, newProcessGroup: true });
  } catch (error) {
    kernel.close(pipe.ours);
    throw error;
  } finally {
    kernel.close(pipe.theirs);
  }
}
