import type { Service } from '../api/service.ts';
import { judge } from './judge.ts';
import type { Verdict } from './judge.ts';
import { subjectsOf } from './wait-subject.ts';
import type { WaitSubject } from './wait-subject.ts';
import type { WaitTarget } from './wait-target.ts';

export interface AwaitOptions {
  /** Called once, with all that is there; what it throws ends the waiting. */
  choose: (subjects: readonly WaitSubject[]) => WaitTarget[];
  /** 0: look once; null: without an end. */
  timeoutMs: number | null;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Told as soon as one is met, or is seen to be hopeless. */
  onVerdict: (target: WaitTarget, verdict: Verdict) => void;
  signal: AbortSignal;
}

/** How it stands with a target at the end. */
export interface Awaited {
  target: WaitTarget;
  verdict: Verdict;
}

/**
 * Waits until all targets are met, one is hopeless, the time is over, or the signal is given. It is woken by changes alone: what is
 * there is told first, so that none falls in between.
 */
export async function awaitTargets(
  service: Pick<Service, 'watch'>,
  options: AwaitOptions,
): Promise<{ awaited: readonly Awaited[]; timedOut: boolean }> {
  const ended = new AbortController();
  const board = new WaitBoard(options);
  const { timeoutMs } = options;
  let timedOut = false;
  const giveUp = (): void => {
    timedOut = true;
    ended.abort();
  };
  const timer = timeoutMs === null || timeoutMs === 0 ? undefined : setTimeout(giveUp, timeoutMs);
  try {
    await service.watch(
      (event) => {
        if (ended.signal.aborted) return;
        if (event.what === 'listed') board.list();
        else board.note(event.gone, subjectsOf(event, options.now()));
        if (board.isDone) ended.abort();
        else if (event.what === 'listed' && timeoutMs === 0) giveUp();
      },
      AbortSignal.any([options.signal, ended.signal]),
    );
  } finally {
    clearTimeout(timer);
  }
  return { awaited: board.awaited, timedOut };
}

/** What is there, and how it stands with each target. */
class WaitBoard {
  readonly #options: AwaitOptions;
  readonly #subjects = new Map<string, WaitSubject>();
  #waits: { target: WaitTarget; first: WaitSubject | null; verdict: Verdict }[] | null = null;

  constructor(options: AwaitOptions) {
    this.#options = options;
  }

  get awaited(): readonly Awaited[] {
    return this.#waits ?? [];
  }

  get isDone(): boolean {
    return (
      this.#waits !== null &&
      (this.#waits.every(({ verdict }) => verdict.is === 'met') ||
        this.#waits.some(({ verdict }) => verdict.is === 'hopeless'))
    );
  }

  /** All that is there has been told: now it is known what is meant. */
  list(): void {
    const targets = this.#options.choose([...this.#subjects.values()]);
    this.#waits = targets.map((target) => ({
      target,
      first: this.#find(target),
      verdict: { is: 'open', why: '' },
    }));
    this.#judge();
  }

  /** The first of them has changed or gone, with what else belongs to it. */
  note(gone: boolean, [head, ...members]: readonly WaitSubject[]): void {
    if (head === undefined) return;
    const [, podName] = /^pod\/(.*)$/.exec(head.name) ?? [];
    for (const [name, { isMember }] of this.#subjects)
      if (isMember && podName !== undefined && name.startsWith(`container/${podName}.`))
        this.#subjects.delete(name);
    if (gone) this.#subjects.delete(head.name);
    else for (const subject of [head, ...members]) this.#subjects.set(subject.name, subject);
    this.#judge();
  }

  #judge(): void {
    for (const wait of this.#waits ?? []) {
      if (wait.verdict.is !== 'open') continue;
      wait.verdict = judge(wait.target.goal, this.#find(wait.target), wait.first);
      if (wait.verdict.is !== 'open') this.#options.onVerdict(wait.target, wait.verdict);
    }
  }

  #find({ isMeant }: WaitTarget): WaitSubject | null {
    return [...this.#subjects.values()].find(isMeant) ?? null;
  }
}
