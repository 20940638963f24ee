import type { LayerEntry } from '../../image/layer-entry.ts';
import { LayerRefusal } from '../../image/layer-refusal.ts';
import { TarReader } from '../../image/tar-reader.ts';
import { DEFAULT_LAYER_LIMITS } from '../../image/layer-limits.ts';
import { detectCompression } from '../archive/compression.ts';
import type { RootfsChanges } from './checkpoint-contents.ts';

const MAX_LISTED = 10_000;

/** Lists what is in an archive within the archive, as it passes by. One that is compressed is not looked into. */
export class ChangesReader {
  readonly changes: RootfsChanges = { count: 0, first: [] };
  #reader: TarReader | null;
  #begun = false;

  constructor() {
    const begin = ({ name, type, size }: LayerEntry): void => {
      this.changes.count++;
      if (this.changes.first.length < MAX_LISTED) {
        this.changes.first.push({ path: `/${name.replace(/^\.?\//, '')}`, type, sizeBytes: size });
      }
    };
    this.#reader = new TarReader(
      { begin, data: () => undefined, end: () => undefined },
      DEFAULT_LAYER_LIMITS,
    );
  }

  write(piece: Buffer): void {
    if (!this.#begun && detectCompression(piece) !== 'none') this.#reader = null;
    this.#begun = true;
    try {
      this.#reader?.write(piece);
    } catch (error) {
      if (error instanceof LayerRefusal)
        throw new LayerRefusal('rootfs-diff.tar', error.message, { cause: error });
      throw error;
    }
  }
}
