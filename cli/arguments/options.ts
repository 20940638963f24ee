/** The options of one invocation by their long names in camel case, as commander gives them. */
export class Options {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  /** The value, or null when it was not given, or given without a value. */
  text(name: string): string | null {
    const value = this.#values[name];
    return typeof value === 'string' ? value : null;
  }

  /** The values of a repeatable option. */
  list(name: string): string[] {
    const value = this.#values[name];
    if (typeof value === 'string') return [value];
    return Array.isArray(value) ? value.filter((v) => typeof v === 'string') : [];
  }

  /** True when it was given, with or without a value; `--no-x` makes `x` false, which counts as not given. */
  has(name: string): boolean {
    const value = this.#values[name];
    return value !== undefined && value !== false;
  }
}
