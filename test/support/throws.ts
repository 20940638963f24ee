import * as assert from 'uvu/assert';
import { EngineError, type EngineErrorCode } from '../../engine/engine-error.ts';

/** Expects an EngineError of that code whose message contains each of the texts. */
export function assertRefused(action: () => unknown, code: EngineErrorCode, ...texts: string[]): void {
  try {
    action();
  } catch (error) {
    assert.instance(error, EngineError);
    if (!(error instanceof EngineError)) return;
    assert.is(error.code, code);
    for (const text of texts) assert.ok(error.message.includes(text), `\`${text}\` in: ${error.message}`);
    return;
  }
  assert.unreachable(`expected an EngineError ${code}`);
}
