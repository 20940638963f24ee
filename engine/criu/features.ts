import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Kernel } from '../../native/index.ts';
import type { CriuFeatures, CriuVersionMessage } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';
import { CriuError } from './criu-error.ts';
import { spawnCriu } from './criu-client.ts';
import type { CriuProcess } from './criu-client.ts';
import { createKernelKnowledge } from './kernel-knowledge.ts';
import type { KernelKnowledge } from './kernel-knowledge.ts';
import { programIdentity } from '../process/program-identity.ts';
import { readAtOnce } from '../read-at-once.ts';

/** The oldest CRIU that runs on the kernels of today. */
export const MINIMUM_CRIU: CriuVersion = { major: 4, minor: 0, sublevel: 0 };
const QUESTION_TIMEOUT_MS = 10_000;

export interface CriuVersion {
  major: number;
  minor: number;
  sublevel: number;
}

/** `4.1.1`. */
export function formatCriuVersion({ major, minor, sublevel }: CriuVersion): string {
  return [major, minor, sublevel].join('.');
}

/** What can be asked for in a feature check, and what each is for. */
const FEATURE_NAMES = {
  mem_track: 'memory tracking (CONFIG_MEM_SOFT_DIRTY, or PAGEMAP_SCAN)',
  lazy_pages: 'lazy pages (userfaultfd)',
  pidfd_store: 'pidfd store',
} as const satisfies Record<keyof CriuFeatures, string>;

/** Knows which CRIU this is; each question costs a process, so the answers are kept as long as the program file is the same. */
export class CriuProgram {
  readonly path: string;
  readonly #kernel: Kernel;
  readonly #cacheFile: string;

  /** `cacheDirectory` is volatile, as the answers are: what the kernel can changes with a boot. */
  constructor(kernel: Kernel, file: string | null, cacheDirectory: string) {
    if (file === null) {
      throw new EngineError(
        'TOOL_MISSING',
        `find criu: it is not installed; needed is ${formatCriuVersion(MINIMUM_CRIU)} or newer`,
        { hint: 'run `npm run setup`, or install the package criu of a distribution that has it' },
      );
    }
    this.path = file;
    this.#kernel = kernel;
    this.#cacheFile = path.join(cacheDirectory, 'criu.json');
  }

  /** What it knows of this kernel. */
  knowledge(bootId: string): KernelKnowledge {
    const directory = path.dirname(this.#cacheFile);
    return createKernelKnowledge(this.#kernel, { criu: this.path, bootId, directory });
  }

  /** Its version by its own word. */
  async version(): Promise<CriuVersion> {
    const cached = await this.#cached();
    if (cached.version !== undefined) return cached.version;
    const version = await askVersion(this.#kernel, this.path);
    await this.#remember({ ...cached, version });
    return version;
  }

  /** Throws HOST_UNSUITABLE, with found and needed, for a CRIU that is too old. */
  async requireMinimum(minimum = MINIMUM_CRIU): Promise<CriuVersion> {
    const found = await this.version();
    if (asNumber(found) >= asNumber(minimum)) return found;
    throw new EngineError(
      'HOST_UNSUITABLE',
      `use ${this.path}: found version ${formatCriuVersion(found)}, needed is ${formatCriuVersion(minimum)} or newer`,
      { hint: 'run `npm run setup`, which brings a newer one' },
    );
  }

  /** Throws HOST_UNSUITABLE that names every feature that CRIU or the kernel does not have. */
  async requireFeatures(wanted: readonly (keyof CriuFeatures)[]): Promise<void> {
    const features = await this.features();
    const missing = wanted.filter((name) => !features[name]);
    if (missing.length === 0) return;
    throw new EngineError(
      'HOST_UNSUITABLE',
      `use ${this.path}: this host lacks ${missing.map((name) => FEATURE_NAMES[name]).join(', ')}`,
    );
  }

  /** What this CRIU can do on this kernel. */
  async features(): Promise<Required<CriuFeatures>> {
    const cached = await this.#cached();
    if (cached.features !== undefined) return cached.features;
    const features = await askFeatures(this.#kernel, this.path);
    await this.#remember({ ...cached, features });
    return features;
  }

  async #cached(): Promise<CriuFacts> {
    const identity = programIdentity(this.path);
    try {
      const facts = JSON.parse(await readAtOnce(this.#cacheFile)) as CriuFacts;
      return facts.identity === identity ? facts : { identity };
    } catch {
      return { identity };
    }
  }

  async #remember(facts: CriuFacts): Promise<void> {
    // Only a cache: whoever may not write here asks again.
    await mkdir(path.dirname(this.#cacheFile), { recursive: true, mode: 0o711 }).catch(() => undefined);
    await writeFile(this.#cacheFile, JSON.stringify(facts), { mode: 0o600 }).catch(() => undefined);
  }
}

interface CriuFacts {
  identity: string;
  version?: CriuVersion;
  features?: Required<CriuFeatures>;
}

function asNumber({ major, minor, sublevel }: CriuVersion): number {
  return major * 10_000 + minor * 100 + sublevel;
}

async function askVersion(kernel: Kernel, criu: string): Promise<CriuVersion> {
  const operation = `ask ${criu} for its version`;
  const answer = await withCriu(kernel, criu, (process) =>
    process.call({ type: 'VERSION' }, { operation, timeoutMs: QUESTION_TIMEOUT_MS }),
  );
  if (!answer.success || answer.version === undefined) throw refused(operation, answer.cr_errmsg);
  return readVersion(answer.version);
}

/** A version between two releases (it names a commit) counts as the next minor one, as others count it too. */
export function readVersion(message: CriuVersionMessage): CriuVersion {
  const { major_number: major, minor_number: minor, sublevel = 0 } = message;
  return message.gitid === undefined || message.gitid === ''
    ? { major, minor, sublevel }
    : { major, minor: minor + 1, sublevel: 0 };
}

async function askFeatures(kernel: Kernel, criu: string): Promise<Required<CriuFeatures>> {
  const operation = `ask ${criu} for its features`;
  const features = { mem_track: true, lazy_pages: true, pidfd_store: true };
  const answer = await withCriu(kernel, criu, (process) =>
    process.call({ type: 'FEATURE_CHECK', features }, { operation, timeoutMs: QUESTION_TIMEOUT_MS }),
  );
  if (!answer.success) throw refused(operation, answer.cr_errmsg);
  return { mem_track: false, lazy_pages: false, pidfd_store: false, ...answer.features };
}

async function withCriu<T>(
  kernel: Kernel,
  criu: string,
  action: (process: CriuProcess) => Promise<T>,
): Promise<T> {
  const process = spawnCriu(kernel, criu);
  try {
    return await action(process);
  } finally {
    await process.end();
  }
}

function refused(operation: string, message: string | undefined): CriuError {
  return new CriuError({
    operation,
    code: 'HOST_UNSUITABLE',
    ...(message === undefined ? { reason: 'it cannot run on this kernel' } : { message }),
  });
}
