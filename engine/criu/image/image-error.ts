import { EngineError } from '../../engine-error.ts';

/** An image file that is not what CRIU writes. Names the file, and how many bytes into it the fault is. */
export class ImageError extends EngineError {
  readonly file: string;
  readonly offset: number;

  constructor(file: string, offset: number, reason: string, options: { cause?: unknown } = {}) {
    super(
      'CHECKPOINT_INVALID',
      `read image ${JSON.stringify(file)} at byte ${String(offset)}: ${reason}`,
      options,
    );
    this.file = file;
    this.offset = offset;
  }
}
