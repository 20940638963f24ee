import { suite as quietSuite } from 'uvu';
import type { Test } from 'uvu';

/**
 * uvu, except that a hook that throws says why, and never in the place of the test: uvu itself swallows the error of a hook and shows
 * `0 / 1` without a word, and where `after.each` throws after a test that has failed, it loses that test's error and all tests behind it.
 * scripts/run-tests.mjs puts this in the place of `uvu`; test files import `uvu` as ever.
 */
export function suite<Context>(title?: string, context?: Context): Test<Context> {
  const quiet = quietSuite<Context>(title, context);
  /** The test that is under way has failed already, by itself or by a hook behind it. */
  let hasFailed = false;
  const register =
    (add: (name: string, handler: Handler<Context>) => void) =>
    (name: string, handler: Handler<Context>): void => {
      add(name, async (state) => {
        hasFailed = false;
        try {
          await handler(state);
        } catch (error) {
          hasFailed = true;
          throw error;
        }
      });
    };
  const outspoken =
    (hook: Hook<Context>, name: string): Hook<Context> =>
    async (state) => {
      try {
        await hook(state);
      } catch (error) {
        console.log(`the ${name} hook has thrown:`, error);
        // uvu calls these once more for a test that has failed, and what they throw then ends the whole suite.
        if (name === 'after.each' && hasFailed) return;
        hasFailed = true;
        throw error;
      }
    };
  const add = (on: (hook: Hook<Context>) => void, name: string) => (hook: Hook<Context>) => {
    on(outspoken(hook, name));
  };
  return Object.assign(register(quiet), {
    only: register(quiet.only.bind(quiet)),
    skip: quiet.skip.bind(quiet),
    run: quiet.run.bind(quiet),
    before: Object.assign(add(quiet.before.bind(quiet), 'before'), {
      each: add(quiet.before.each.bind(quiet), 'before.each'),
    }),
    after: Object.assign(add(quiet.after.bind(quiet), 'after'), {
      each: add(quiet.after.each.bind(quiet), 'after.each'),
    }),
  });
}

export const test: Test = suite('');

type Handler<Context> = Parameters<Test<Context>>[1];
type Hook<Context> = Parameters<Test<Context>['before']>[0];
