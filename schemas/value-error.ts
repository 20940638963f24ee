/** A text that does not say what it should: a quantity, duration, signal or image reference that cannot be read. */
export class ValueError extends Error {
  override readonly name = 'ValueError';
  readonly code: 'BAD_QUANTITY' | 'BAD_DURATION' | 'BAD_SIGNAL' | 'BAD_IMAGE_REFERENCE';
  readonly value: string;
  /** What was expected, without the value: for messages that name the value themselves. */
  readonly expected: string;

  constructor(code: ValueError['code'], value: string, expected: string) {
    super(`${expected}, found ${JSON.stringify(value)}`);
    this.code = code;
    this.value = value;
    this.expected = expected;
  }
}
