import { createHash } from 'node:crypto';
import type { LoadedManifest, LoadResult } from '../../schemas/index.ts';

/** As many texts are remembered; the one that was not asked for the longest is forgotten first. */
const MOST_TEXTS = 2000;

/** A text that is larger is read anew each time. */
const MOST_CHARACTERS = 64 * 1024;

type Load = (text: string, file: string) => LoadResult;

/**
 * The manifests of texts that were read before: whoever applies five hundred of which one has changed does not have the others parsed
 * again. Texts that are wrong, or hold a secret, are not remembered, and of the others their hash only.
 */
export class KnownManifests {
  readonly #known = new Map<string, readonly LoadedManifest[]>();

  load(text: string, file: string, load: Load): LoadResult {
    if (text.length > MOST_CHARACTERS) return load(text, file);
    const key = `${createHash('sha256').update(text).digest('base64')} ${file}`;
    const known = this.#known.get(key);
    if (known !== undefined) {
      this.#known.delete(key);
      this.#known.set(key, known);
      return { manifests: [...known], problems: [] };
    }
    const result = load(text, file);
    const isSecret = result.manifests.some(({ manifest }) => manifest.kind === 'Secret');
    if (result.problems.length === 0 && !isSecret) this.#remember(key, [...result.manifests]);
    return result;
  }

  #remember(key: string, manifests: readonly LoadedManifest[]): void {
    this.#known.set(key, manifests);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST_TEXTS && oldest !== undefined) this.#known.delete(oldest);
  }
}
