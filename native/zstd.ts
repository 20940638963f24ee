import { loadAddon } from './load-addon.ts';
import type { NativeAddon } from './load-addon.ts';

/** What libzstd refuses: data that are none or damaged, a window that would take too much memory, no memory at all. */
export class ZstdError extends Error {
  readonly code: 'ZSTD_DATA' | 'ZSTD_WINDOW' | 'ZSTD_MEMORY';

  constructor(code: ZstdError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ZstdError';
    this.code = code;
  }
}

/** Whole frames, skippable ones included, that lie one behind the other. */
export interface ZstdFrames {
  compressedBytes: number;
  /** As the frames say. */
  contentBytes: number;
}

/** A decoder of any stream (RFC 8878), frame after frame, that holds up to 128 MiB of what has gone before. */
export interface ZstdDecoder {
  /**
   * Decodes until `output` is full or `input` used up, on a thread of libuv's pool. Both are its own until it has settled, and no other step
   * may begin before. Throws ZstdError.
   */
  step(input: Uint8Array, output: Uint8Array): Promise<ZstdStep>;
  /** Gives its memory back, once a step that is under way has settled; no other may begin. Safe twice. */
  close(): void;
}

export interface ZstdStep {
  bytesRead: number;
  bytesWritten: number;
  /** False after the end of a frame, where a stream may end. */
  isWithinFrame: boolean;
}

let loaded: NativeAddon | undefined;

function addon(): NativeAddon {
  loaded ??= loadAddon();
  return loaded;
}

/**
 * The pieces as one frame that says its size and ends with a checksum, compressed on a thread of libuv's pool. They must not change before it
 * has settled.
 */
export function compressZstd(pieces: readonly Uint8Array[], level: number): Promise<Buffer> {
  return explained(addon().zstdCompress(pieces, level));
}

/**
 * The frames at the beginning of `bytes` that are whole, say their size and have no more than `maxContentBytes` together; 0 bytes where there is
 * none. Looks at headers only: what it measures may still be damaged.
 */
export function measureZstd(bytes: Uint8Array, maxContentBytes: number): ZstdFrames {
  const [compressedBytes, contentBytes] = addon().zstdMeasure(bytes, maxContentBytes);
  return { compressedBytes, contentBytes };
}

/** The content of whole frames of that size, on a thread of libuv's pool. Throws ZstdError. */
export async function decompressZstd(frames: Uint8Array, contentBytes: number): Promise<Buffer> {
  const content = Buffer.allocUnsafeSlow(contentBytes);
  await explained(addon().zstdDecompress(frames, content));
  return content;
}

export function openZstdDecoder(): ZstdDecoder {
  const decoder = addon().zstdOpenDecoder();
  let isClosed = false;
  return {
    async step(input, output) {
      if (isClosed) throw new Error('decode zstd: the decoder is closed');
      const [bytesRead, bytesWritten, within] = await explained(
        addon().zstdDecodeStep(decoder, input, output),
      );
      return { bytesRead, bytesWritten, isWithinFrame: within === 1 };
    },
    close() {
      isClosed = true;
      addon().zstdCloseDecoder(decoder);
    },
  };
}

async function explained<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    const { code, message } = cause as { code?: ZstdError['code']; message: string };
    // What else there is: no memory for what is around it.
    if (code === undefined) throw cause;
    throw new ZstdError(code, message, { cause });
  }
}
