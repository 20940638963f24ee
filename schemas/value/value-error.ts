/** A text that does not say what it should: a quantity, duration, signal or image reference that cannot be read. */
export class ValueError extends Error {
  override readonly name = 'ValueError';
  readonly code: 'BAD_QUANTITY' | 'BAD_DURATION' | 'BAD_SIGNAL' | 'BAD_IMAGE_REFERENCE';
  readonly value: string;
  /** What was expected, without the value: for messages that name the value themselves. */
  readonly expected: string;

  /** `hint`: what follows the value, such as `, did you mean …?`. */
  constructor(code: ValueError['code'], value: string, expected: string, hint = '') {
    super(`${expected}, found ${JSON.stringify(value)}${hint}`);
    this.code = code;
    this.value = value;
    this.expected = expected;
  }
}
