import { waitFor, type AnyActorRef, type SnapshotFrom } from 'xstate';

/**
 * Waits until an actor rests, or has ended. An error inside of the machine itself rejects; with the observer that stands here it
 * cannot end the process, as an actor's error without observer would.
 */
export async function untilResting<A extends AnyActorRef>(
  actor: A,
  isResting: (snapshot: SnapshotFrom<A>) => boolean,
): Promise<SnapshotFrom<A>> {
  return waitFor(actor, (snapshot) => {
    const { status } = snapshot as { status: string };
    return status !== 'active' || isResting(snapshot);
  });
}

/** Starts an actor whose errors are told to whoever waits for it, and to nobody else. */
export function startQuietly(actor: AnyActorRef): void {
  actor.subscribe({ error: () => undefined });
  actor.start();
}
