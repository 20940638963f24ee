import type { CheckpointImages } from '../../criu/image/checkpoint-images.ts';
import type { MmEntry } from '../../criu/image/image-entry.ts';
import type { ByteRange } from '../../criu/image/image-source.ts';
import { locateMemory } from '../../criu/image/saved-memory.ts';
import type { LocatedPiece } from '../../criu/image/saved-memory.ts';
import type { ProcessMemory } from './inspection.ts';

/** What is read at most of one process, as execve(2) would take it. */
const MAX_ARGUMENT_BYTES = 128 * 1024;
const MAX_ENVIRONMENT_BYTES = 1 << 20;
/** Of all processes together. */
const MAX_TEXT_BYTES = 64 << 20;

/** What stands in the memory of a process; null where it was not saved. */
export interface ProcessText {
  commandLine: string[] | null;
  environment: string[] | null;
  memory: ProcessMemory;
}

interface Located {
  pid: number;
  pagesFile: string;
  memory: ProcessMemory;
  texts: { length: number; pieces: LocatedPiece[] }[];
}

/** Command line and environment of each process, out of the pages of its memory: of all at once, as pages may be far away. */
export async function readProcessTexts(
  images: CheckpointImages,
  mms: ReadonlyMap<number, MmEntry>,
): Promise<Map<number, ProcessText>> {
  const located: Located[] = [];
  let budget = MAX_TEXT_BYTES;
  for (const [pid, mm] of mms) {
    const process = await locate(images, pid, mm);
    if (process === null) continue;
    budget -= process.texts.reduce((sum, { length }) => sum + length, 0);
    if (budget < 0) process.texts = [];
    located.push(process);
  }
  const found = await images.source.readRanges(rangesByFile(images, located));
  return new Map(located.map((process) => [process.pid, assemble(process, found)]));
}

async function locate(images: CheckpointImages, pid: number, mm: MmEntry): Promise<Located | null> {
  const name = `pagemap-${String(pid)}.img`;
  if (!images.source.sizes.has(name)) return null;
  const ranges = [
    bounded(mm.mm_arg_start, mm.mm_arg_end, MAX_ARGUMENT_BYTES),
    bounded(mm.mm_env_start, mm.mm_env_end, MAX_ENVIRONMENT_BYTES),
  ];
  const { pagesFile, savedBytes, inParentBytes, pieces } = locateMemory(
    name,
    await images.source.read(name),
    ranges,
  );
  const mapped = mm.vmas.reduce((sum, { start, end }) => sum + Math.max(0, end - start), 0);
  return {
    pid,
    pagesFile,
    memory: { mapped, saved: savedBytes, inParent: inParentBytes },
    texts: ranges.map(({ start, end }, index) => ({ length: end - start, pieces: pieces[index] ?? [] })),
  };
}

/** The addresses are the process's own word, too. */
function bounded(start: number, end: number, maxBytes: number): { start: number; end: number } {
  return { start, end: Math.min(Math.max(start, end), start + maxBytes) };
}

function rangesByFile(images: CheckpointImages, located: readonly Located[]): Map<string, ByteRange[]> {
  const wanted = new Map<string, ByteRange[]>();
  for (const { pagesFile, texts } of located) {
    // Two processes may claim the same file; the ranges stand in the order of the processes.
    const ranges = wanted.get(pagesFile) ?? [];
    for (const { pieces } of texts) ranges.push(...pieces);
    if (ranges.length > 0 && images.source.sizes.has(pagesFile)) wanted.set(pagesFile, ranges);
  }
  return wanted;
}

function assemble({ pagesFile, memory, texts }: Located, found: Map<string, Buffer[]>): ProcessText {
  const pieces = found.get(pagesFile) ?? [];
  const read = texts.map((text) => {
    const bytes = Buffer.alloc(text.length);
    let whole = 0;
    for (const { at, length } of text.pieces) {
      const piece = pieces.shift() ?? Buffer.alloc(0);
      if (piece.length === length) whole += length;
      piece.copy(bytes, at);
    }
    return whole === text.length && whole > 0 ? splitAtZeros(bytes) : null;
  });
  return { commandLine: read[0] ?? null, environment: read[1] ?? null, memory };
}

function splitAtZeros(bytes: Buffer): string[] {
  const end = bytes.at(-1) === 0 ? bytes.length - 1 : bytes.length;
  return bytes.toString('utf8', 0, end).split('\0');
}
