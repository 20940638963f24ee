import type { ContainerEngine } from '../../engine/index.ts';
import type { ContainerRequest, ContainerSpec, Probe } from '../../schemas/index.ts';
import { checkHttp } from './http-probe.ts';
import type { ProbeResult } from './probe-result.ts';
import { checkTcp } from './tcp-probe.ts';

/** Enough of a command's output to understand why it failed. */
const OUTPUT_BYTES = 1024;

/** Tries a probe once. Never throws: not being able to ask is a failure like any other. */
export async function checkProbe(
  probe: Probe,
  target: { request: ContainerRequest; spec: ContainerSpec; exec: ContainerEngine['exec'] },
  signal: AbortSignal,
): Promise<ProbeResult> {
  const timeoutMs = probe.timeoutSeconds * 1000;
  try {
    if (probe.exec !== undefined) {
      const options = { command: probe.exec.command, timeoutMs, signal, maxOutputBytes: OUTPUT_BYTES };
      const { exitCode, output, timedOut } = await target.exec(target.request, options);
      if (timedOut) return { isSuccess: false, message: `no end within ${String(timeoutMs)} ms` };
      const said = output.trim();
      return {
        isSuccess: exitCode === 0,
        message: `exit code ${String(exitCode)}${said === '' ? '' : `: ${said}`}`,
      };
    }
    const asked = probe.httpGet ?? probe.tcpSocket;
    if (asked === undefined) return { isSuccess: true, message: 'it asks for nothing' };
    const place = { host: asked.host ?? addressOf(target.spec), port: portNumber(asked.port, target.spec) };
    if (probe.httpGet !== undefined) return await checkHttp(probe.httpGet, { ...place, timeoutMs, signal });
    return await checkTcp({ ...place, timeoutMs, signal });
  } catch (error) {
    return { isSuccess: false, message: error instanceof Error ? error.message : String(error) };
  }
}

/** Where tsctr can reach the container. */
function addressOf(spec: ContainerSpec): string {
  if (spec.hostNetwork === true || spec.network === 'host') return '127.0.0.1';
  throw new Error('it has no network that can be reached from here; use an exec probe');
}

function portNumber(port: number | string, spec: ContainerSpec): number {
  if (typeof port === 'number') return port;
  if (/^\d+$/.test(port)) return Number(port);
  const named = spec.ports?.find(({ name }) => name === port);
  if (named === undefined) throw new Error(`spec.ports has none with the name ${port}`);
  return named.containerPort;
}
