import { createEngine, createHostPaths, lockFile, lockRoot, openRecordStore } from '../../engine/index.ts';
import type { Engine, EngineOptions, HostPaths, RecordStore } from '../../engine/index.ts';
import { createStepRunner } from '../../machines/index.ts';
import type { MachineRunner } from '../../machines/index.ts';
import { createLinuxKernel, nativeProgram } from '../../native/index.ts';
import {
  createEventBus,
  createReconciler,
  createRecordEditor,
  resetAfterReboot,
  systemClock,
} from '../../reconciler/index.ts';
import type { EventBus, Reconciler, RecordEditor, ResourceKey } from '../../reconciler/index.ts';
import type { Configuration } from '../../schemas/index.ts';
import { EventLog } from '../events/event-log.ts';
import { eventLogPaths } from '../events/event-log-paths.ts';
import { EffectTrace, traceEngine, traceRecords } from './effect-trace.ts';
import { createIdSource } from './id-source.ts';
import { observerFromEnvironment } from './fault-injection.ts';
import { programPath } from './program-path.ts';
import { readConfiguration } from './read-configuration.ts';
import { beginBoot, isOfEarlierBoot } from './run-directory.ts';

/** Everything of one root and run directory, put together. */
export interface Instance {
  paths: HostPaths;
  engine: Engine;
  store: RecordStore;
  records: RecordEditor;
  runner: MachineRunner;
  events: EventBus;
  reconciler: Reconciler;
  trace: EffectTrace;
  /** True when this is the first to write after a reboot. */
  rebooted: boolean;
  close(): Promise<void>;
}

export interface InstanceOptions {
  root: string;
  run: string;
  /** The configuration file. */
  config: string;
  /** Told of what went wrong inside of tsctr itself. */
  onError: (error: unknown, key: ResourceKey | null) => void;
  /** Told of what people should know although it is no error. */
  onNotice?: (container: string, message: string) => void;
}

/** How long a command waits for another one that is at work on the same root, milliseconds. */
const LOCK_WAIT_MS = 30_000;

/** For looking: takes no lock and writes nothing. */
export async function openReader(options: InstanceOptions): Promise<Instance> {
  const paths = createHostPaths(options.root, options.run);
  const store = await openRecordStore({ directory: paths.records, readOnly: true });
  return assemble(options, paths, store, () => undefined);
}

/** For changing: holds the lock of the root until it is closed. */
export async function openWriter(
  options: InstanceOptions,
  lockOptions: { waitMs?: number; signal?: AbortSignal } = {},
): Promise<Instance> {
  const paths = createHostPaths(options.root, options.run);
  const kernel = createLinuxKernel();
  const lock = await lockRoot(kernel, options.root, { waitMs: LOCK_WAIT_MS, ...lockOptions });
  try {
    const schemas = await import('../../schemas/index.ts');
    const schemaOf = {
      Container: () => schemas.containerRecord,
      Pod: () => schemas.podRecord,
      Checkpoint: () => schemas.declaredCheckpointRecord,
    };
    const store = await openRecordStore({
      directory: paths.records,
      validate: (kind, value) => schemaOf[kind]().parse(value),
    });
    const instance = await assemble(options, paths, store, () => {
      lock.release();
    });
    const { bootId } = await instance.engine.host();
    instance.rebooted = await isOfEarlierBoot(options.run, bootId);
    if (instance.rebooted) {
      await resetAfterReboot(instance.records);
      await beginBoot(options.run, bootId);
    }
    return instance;
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function assemble(
  options: InstanceOptions,
  paths: HostPaths,
  store: RecordStore,
  release: () => void,
): Promise<Instance> {
  const trace = new EffectTrace();
  const fault = observerFromEnvironment(process.env['TSCTR_FAULT']);
  const realEngine = await createEngine({
    kernel: createLinuxKernel(),
    root: options.root,
    run: options.run,
    exitCommand: exitCommand(options, paths),
    ...engineSettings(await readConfiguration(options.config)),
    ...(options.onNotice !== undefined && { notice: options.onNotice }),
    observeEffect: (effect, phase) => {
      trace.observe(effect, phase);
      fault?.(effect, phase);
    },
  });
  const engine = traceEngine(realEngine, trace);
  const records = createRecordEditor(traceRecords(store, trace));
  const events = createEventBus({
    onListenerError: (error) => {
      options.onError(error, null);
    },
  });
  const eventLog = new EventLog(eventLogPaths(options.root), (error) => {
    options.onError(error, null);
  });
  events.subscribe((event) => {
    eventLog.append(event);
  });
  const runner = createStepRunner({ engine, records, events, clock: systemClock });
  const reconciler = createReconciler({
    engine,
    records,
    runner,
    events,
    clock: systemClock,
    newId: createIdSource(),
    onError: options.onError,
  });
  return {
    paths,
    engine,
    store,
    records,
    runner,
    events,
    reconciler,
    trace,
    rebooted: false,
    async close() {
      await reconciler.stop();
      await eventLog.flush();
      try {
        await store.settle();
      } finally {
        release();
      }
    },
  };
}

/** The configuration in the engine's words. */
function engineSettings({
  runtime,
  registries,
  checkpoints,
}: Partial<Configuration>): Pick<EngineOptions, 'runtime' | 'registry' | 'archiveTrust'> {
  const settings: Pick<EngineOptions, 'runtime' | 'registry' | 'archiveTrust'> = {};
  const { directories = [], keys = [], registries: trusted = [] } = checkpoints?.trust ?? {};
  settings.archiveTrust = { directories, keys, registries: trusted };
  if (runtime !== undefined) settings.runtime = runtime;
  if (registries === undefined) return settings;
  const { configFile, authFile, policyFile, insecure, search } = registries;
  settings.registry = {
    ...(configFile === undefined ? {} : { registriesConf: configFile }),
    ...(authFile === undefined ? {} : { authFile }),
    ...(policyFile === undefined ? {} : { policy: policyFile }),
    ...(insecure === undefined ? {} : { insecureRegistries: insecure }),
    ...(search === undefined ? {} : { searchRegistries: search }),
  };
  return settings;
}

/**
 * What conmon calls when a container ends, with its id as last argument: nothing but a glance at socket and lock while somebody is at
 * work, else this program.
 */
function exitCommand(options: InstanceOptions, paths: HostPaths): readonly string[] {
  return [
    nativeProgram('tsctr-exited'),
    paths.socket,
    lockFile(options.root),
    paths.exits,
    process.execPath,
    programPath(),
    ...['--root', options.root, '--run', options.run, '--config', options.config, 'cleanup'],
  ];
}
