import http from 'node:http';
import https from 'node:https';
import type { Probe } from '../../schemas/index.ts';
import { startDeadline } from './deadline.ts';
import type { ProbeResult } from './probe-result.ts';

/** Asks once. As with the kubelet, 200 to 399 is success, redirects are not followed, and certificates are not checked. */
export function checkHttp(
  { path, scheme, httpHeaders }: NonNullable<Probe['httpGet']>,
  place: { host: string; port: number; timeoutMs: number; signal: AbortSignal },
): Promise<ProbeResult> {
  const { host, port, timeoutMs } = place;
  const deadline = startDeadline(place.signal, timeoutMs);
  const { signal } = deadline;
  const headers = Object.fromEntries((httpHeaders ?? []).map(({ name, value }) => [name, value]));
  const options = { host, port, path, headers, signal, agent: false as const };
  const result = new Promise<ProbeResult>((resolve) => {
    const answered = (response: http.IncomingMessage): void => {
      const status = response.statusCode ?? 0;
      response.destroy();
      resolve({ isSuccess: status >= 200 && status < 400, message: `answered ${String(status)}` });
    };
    const request =
      scheme === 'HTTPS'
        ? https.get({ ...options, rejectUnauthorized: false }, answered)
        : http.get(options, answered);
    request.on('error', (error) => {
      const message = deadline.isOver() ? `no answer within ${String(timeoutMs)} ms` : error.message;
      resolve({ isSuccess: false, message });
    });
  });
  return result.finally(() => {
    deadline.end();
  });
}
