import path from 'node:path';
import { systemClock, type Clock } from '../clock.ts';
import { ManifestFiles, type DirectoryWish } from './manifest-files.ts';
import { scanDirectory } from './scan-directory.ts';
import { watchDirectory, type DirectoryWatch } from './watch-directory.ts';

export interface DirectorySourceOptions {
  root: string;
  /** Called with all that the directory wants, at first and after every change; never twice at once. */
  onWish: (wish: DirectoryWish) => Promise<void>;
  /** What `onWish` threw, or what kept a scan from ending. */
  onError: (error: unknown) => void;
  clock?: Clock;
  /** How long it has to be quiet before a change is looked at. Milliseconds. */
  quietMs?: number;
  /** How long something has to be gone or bad before that is believed. */
  settleMs?: number;
  /** The directory is looked at so often, whether or not there was a hint. */
  rescanMs?: number;
}

export interface DirectorySource {
  /** Resolves when the directory has been read, and `onWish` has ended, for the first time. */
  start(): Promise<void>;
  /** Looks again now, and resolves when that is done. */
  rescan(): Promise<void>;
  stop(): Promise<void>;
}

/** Follows a directory of manifests. What chokidar says is only a hint to look; what counts is a full scan. */
export function createDirectorySource(options: DirectorySourceOptions): DirectorySource {
  return new ScanningSource(options);
}

/** A stream of writes must not put a look off for ever. */
const LONGEST_DELAY_MS = 500;

class ScanningSource implements DirectorySource {
  readonly #options: DirectorySourceOptions;
  readonly #clock: Clock;
  readonly #root: string;
  readonly #files: ManifestFiles;
  readonly #watch: DirectoryWatch;
  readonly #quietMs: number;
  #timer: unknown = null;
  #firstHintAt: number | null = null;
  #rescanTimer: unknown = null;
  #scanning: Promise<void> | null = null;
  #lastWish = '';
  #stopped = false;

  constructor(options: DirectorySourceOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#root = path.resolve(options.root);
    this.#quietMs = options.quietMs ?? 50;
    this.#files = new ManifestFiles(this.#root, options.settleMs ?? 250);
    this.#watch = watchDirectory(this.#root, () => {
      this.#hint();
    });
  }

  async start(): Promise<void> {
    await this.rescan();
    this.#rescanPeriodically();
  }

  async rescan(): Promise<void> {
    // One that runs may have read what has changed since.
    await this.#scanning;
    this.#scanning ??= this.#scan().finally(() => {
      this.#scanning = null;
    });
    await this.#scanning;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#clock.clearTimeout(this.#timer);
    this.#clock.clearTimeout(this.#rescanTimer);
    await this.#scanning;
    await this.#watch.close();
  }

  #rescanPeriodically(): void {
    if (this.#stopped) return;
    this.#rescanTimer = this.#clock.setTimeout(() => {
      void this.rescan();
      this.#rescanPeriodically();
    }, this.#options.rescanMs ?? 30_000);
  }

  #hint(): void {
    const now = this.#clock.now();
    this.#firstHintAt ??= now;
    this.#lookIn(Math.max(0, Math.min(this.#quietMs, this.#firstHintAt + LONGEST_DELAY_MS - now)));
  }

  #lookIn(delayMs: number): void {
    if (this.#stopped) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = this.#clock.setTimeout(() => {
      this.#firstHintAt = null;
      void this.rescan();
    }, delayMs);
  }

  async #scan(): Promise<void> {
    try {
      // Watch first, then read: then nothing can fall in between.
      await this.#watch.follow();
      const ownUid = process.geteuid?.() ?? 0;
      const scan = await scanDirectory(this.#root, { known: this.#files.known(), ownUid });
      const { wish, lookAgainInMs } = this.#files.update(scan, this.#clock.now());
      if (lookAgainInMs !== null) this.#lookIn(lookAgainInMs);
      const text = JSON.stringify([
        wish.manifests,
        wish.problems,
        wish.keep === 'all' ? 'all' : [...wish.keep],
      ]);
      if (text === this.#lastWish) return;
      await this.#options.onWish(wish);
      this.#lastWish = text;
    } catch (error) {
      this.#options.onError(error);
    }
  }
}
