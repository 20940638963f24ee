import { parseSignal, SYSTEMD_STOP_SIGNAL, ValueError } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';
import type { SpecInput } from './spec-input.ts';
import { isSystemdContainer } from './systemd-mode.ts';

const SIGTERM = 15;

/** The manifest's stop signal, else the image's, else what fits the command (SIGTERM, or systemd's own), as a number. */
export function stopSignalNumber({
  request,
  imageConfig,
}: Pick<SpecInput, 'request' | 'imageConfig'>): number {
  const asked = request.spec.stopSignal ?? imageConfig?.StopSignal ?? '';
  if (asked === '') return isSystemdContainer({ request, imageConfig }) ? SYSTEMD_STOP_SIGNAL : SIGTERM;
  try {
    return parseSignal(asked);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new EngineError(
      'BAD_REQUEST',
      `build spec of container ${request.name}: stop signal: ${error.message}`,
      {
        cause: error,
      },
    );
  }
}
