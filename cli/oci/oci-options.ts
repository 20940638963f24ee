import { resolve } from 'node:path';
import type { BundleCheckpointOptions, BundleRestoreOptions } from '../../engine/index.ts';
import type { CriuCgroupsMode } from '../../schemas/index.ts';
import { CLONE_NEWNET } from '../../native/index.ts';
import type { OciArguments } from './read-arguments.ts';

const CGROUPS_MODES: Readonly<Record<string, CriuCgroupsMode>> = {
  soft: 'SOFT',
  full: 'FULL',
  strict: 'STRICT',
  ignore: 'IGNORE',
};

export function checkpointOptionsOf(given: OciArguments, cwd: string): BundleCheckpointOptions {
  const { options } = given;
  const parentImages = options.get('parent-path') ?? null;
  if (parentImages?.startsWith('/') === true) {
    throw new Error(`--parent-path: expected a path relative to --image-path, found ${parentImages}`);
  }
  const statusFd = options.get('status-fd');
  const pageServer = options.get('page-server');
  return {
    ...placesOf(given, cwd),
    leaveRunning: isSet(given, 'leave-running'),
    preDump: isSet(given, 'pre-dump'),
    parentImages,
    pageServer: pageServer === undefined ? null : pageServerOf(pageServer),
    statusFd: statusFd === undefined ? null : numberOf('--status-fd', statusFd),
    networkLock: networkLockOf(options.get('network-lock')),
    ...sharedOptionsOf(given),
  };
}

export function restoreOptionsOf(given: OciArguments, cwd: string): BundleRestoreOptions {
  const { options } = given;
  const pathOf = (name: string): string | null => {
    const text = options.get(name);
    return text === undefined ? null : resolve(cwd, text);
  };
  return {
    bundle: pathOf('bundle') ?? pathOf('b') ?? cwd,
    ...placesOf(given, cwd),
    pidFile: pathOf('pid-file'),
    consoleSocket: pathOf('console-socket'),
    lsmProfile: options.get('lsm-profile') ?? null,
    lsmMountContext: options.get('lsm-mount-context') ?? null,
    ...sharedOptionsOf(given),
  };
}

export function isDetached(given: OciArguments): boolean {
  return isSet(given, 'detach') || isSet(given, 'd');
}

function placesOf(
  { options }: OciArguments,
  cwd: string,
): Pick<BundleRestoreOptions, 'imagesDirectory' | 'workDirectory'> {
  const imagesDirectory = resolve(cwd, options.get('image-path') ?? 'checkpoint');
  const work = options.get('work-path');
  return { imagesDirectory, workDirectory: work === undefined ? imagesDirectory : resolve(cwd, work) };
}

function sharedOptionsOf(given: OciArguments): Pick<BundleRestoreOptions, 'allowances' | 'variations'> {
  return {
    allowances: {
      tcpEstablished: isSet(given, 'tcp-established'),
      tcpClose: isSet(given, 'tcp-close'),
      tcpSkipInFlight: isSet(given, 'tcp-skip-in-flight'),
      externalUnixSockets: isSet(given, 'ext-unix-sk'),
      shellJob: isSet(given, 'shell-job'),
      fileLocks: isSet(given, 'file-locks'),
      debugLog: isTrue(given.global.get('debug')),
    },
    variations: {
      cgroupsMode: cgroupsModeOf(given.options.get('manage-cgroups-mode') ?? 'soft'),
      emptyNamespaces: emptyNamespacesOf(given.options.get('empty-ns') ?? ''),
      autoDedup: isSet(given, 'auto-dedup'),
      lazyPages: isSet(given, 'lazy-pages'),
    },
  };
}

function isSet({ options }: OciArguments, name: string): boolean {
  return isTrue(options.get(name));
}

function isTrue(text: string | undefined): boolean {
  return text === 'true' || text === '1';
}

function cgroupsModeOf(text: string): CriuCgroupsMode {
  const mode = Object.hasOwn(CGROUPS_MODES, text) ? CGROUPS_MODES[text] : undefined;
  if (mode !== undefined) return mode;
  const expected = Object.keys(CGROUPS_MODES).join(', ');
  throw new Error(`--manage-cgroups-mode: expected one of ${expected}, found ${text}`);
}

function emptyNamespacesOf(text: string): number {
  if (text === '') return 0;
  if (text === 'network') return CLONE_NEWNET;
  throw new Error(`--empty-ns: expected network, found ${text}`);
}

function pageServerOf(text: string): { address: string; port: number } {
  const colon = text.lastIndexOf(':');
  if (colon <= 0) throw new Error(`--page-server: expected ADDRESS:PORT, found ${text}`);
  return { address: text.slice(0, colon), port: numberOf('--page-server', text.slice(colon + 1)) };
}

function networkLockOf(text: string | undefined): BundleCheckpointOptions['networkLock'] {
  if (text === undefined) return null;
  if (text === 'iptables') return 'IPTABLES';
  if (text === 'nftables') return 'NFTABLES';
  throw new Error(`--network-lock: expected iptables or nftables, found ${text}`);
}

function numberOf(option: string, text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new Error(`${option}: expected a number, found ${text}`);
}
