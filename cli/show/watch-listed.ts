import type { Service, WatchEvent } from '../api/service.ts';

export interface ListedWatch<View> {
  signal: AbortSignal;
  /** What of the event is of interest; null: nothing. */
  viewOf: (event: Exclude<WatchEvent, { what: 'listed' }>) => View | null;
  /** Told first: all that is there. What it throws ends the watch. */
  onListed: (views: readonly View[]) => void;
  onChange: (view: View, gone: boolean) => void;
}

/** Watches with one list at the beginning, in place of one event for each that is there. */
export async function watchListed<View>(
  service: Pick<Service, 'watch'>,
  { signal, viewOf, onListed, onChange }: ListedWatch<View>,
): Promise<void> {
  let listed: View[] | null = [];
  await service.watch((event) => {
    if (event.what === 'listed') {
      const views = listed ?? [];
      listed = null;
      onListed(views);
      return;
    }
    const view = viewOf(event);
    if (view === null) return;
    if (listed === null) onChange(view, event.gone);
    else listed.push(view);
  }, signal);
}
