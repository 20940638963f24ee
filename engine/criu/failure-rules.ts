import type { CriuNetworkLock } from '../../schemas/index.ts';
import type { CriuAllowances } from './options.ts';

/** Why CRIU failed, as a word that does not change. */
export type CriuCause =
  | 'io-uring'
  | 'unix-socket-outside'
  | 'tcp-established'
  | 'tcp-in-flight'
  | 'file-locks'
  | 'deleted-file-too-large'
  | 'deleted-file-linked'
  | 'inotify'
  | 'file-changed'
  | 'file-missing'
  | 'network-lock'
  | 'pid-in-use'
  | 'cpu-features'
  | 'criu-too-old'
  | 'mount-not-external'
  | 'mount-missing'
  | 'gpu'
  | 'terminal'
  | 'descriptor-outside'
  | 'nested-namespace'
  | 'freeze-timeout'
  | 'no-space'
  | 'images-damaged'
  | 'security-module'
  | 'rights'
  | 'unknown';

/** What may be tried anew without harm, where the policy of the container allows it. */
export interface SafeRetry {
  allowances?: CriuAllowances;
  networkLock?: CriuNetworkLock;
}

export interface FailureRule {
  cause: CriuCause;
  pattern: RegExp;
  /** What is the matter, in plain words; `match` is that of the pattern. */
  explain: (match: RegExpExecArray) => string;
  /** What a person can do about it. */
  advice: string;
  retry?: (match: RegExpExecArray) => SafeRetry;
}

const MEBIBYTE = 2 ** 20;

/**
 * Lines of CRIU's log that say why, most telling first: one failure has many errors, and the later ones only pass it on.
 * The texts are those of CRIU 3.17 to 4.2.
 */
export const FAILURE_RULES: readonly FailureRule[] = [
  {
    cause: 'criu-too-old',
    // Kernels from 6.16 on have these options for unix sockets only; CRIU asks every socket for them.
    pattern: /Can't get 1:(?:16|34) opt: Operation not supported/,
    explain: () => 'this CRIU is too old for this kernel: it cannot save internet sockets here',
    advice: 'install CRIU 4.2 or newer',
  },
  {
    cause: 'criu-too-old',
    pattern:
      /Unexpected rt vDSO area bounds|Can't find rt vDSO|VVAR and VVAR_VCLOCK entries are not subsequent|Could not initialize kernel features detection|Can't find vDSO area in image/,
    explain: () => 'this CRIU does not know the layout of this kernel, or the kernel lacks what CRIU needs',
    advice: 'install a newer CRIU (`npm run setup` has one), then run `tsctr doctor`',
  },
  {
    cause: 'io-uring',
    // Since Linux 6.7 such a descriptor cannot be sent to another process, which is what CRIU does first.
    pattern: /anon_inode:\[io_uring\]|io_uring|send_fds failed \(-22\)/,
    explain: () => 'a process holds an io_uring, which CRIU cannot save',
    advice:
      'set spec.securityContext.seccompProfile.type: RuntimeDefault, which denies io_uring so that programs do without it, and restart the container',
  },
  {
    cause: 'gpu',
    pattern:
      /handle_device_vma plugin failed|\(chr (?:195|226|23[5-9]|50[0-9]):\d+\)|\/dev\/(?:nvidia|dri\/|kfd)|Can't handle non-regular mapping on (\d+)/,
    explain: () => 'a process has the memory of a device mapped or open, such as that of a GPU',
    advice: "end its use of the device before the checkpoint, or install CRIU's plugin for the device",
  },
  {
    cause: 'tcp-established',
    pattern: /Connected TCP socket(?:, consider using| in image)/,
    explain: () => 'a process has an established TCP connection',
    advice:
      'allow tcpEstablished (spec.checkpoint.options, --tcp-established) to keep it, or tcpClose to let it end',
    retry: () => ({ allowances: { tcpEstablished: true } }),
  },
  {
    cause: 'tcp-in-flight',
    pattern: /In-flight connection/,
    explain: () => 'a TCP connection has come in that no process has accepted yet',
    advice: 'try again in a moment, or allow tcpSkipInFlight (spec.checkpoint.options) to leave it out',
  },
  {
    cause: 'unix-socket-outside',
    pattern:
      /External socket is used|Can't dump half of stream unix connection|Can't dump name-less external socket|External socket found in image|Unix socket \d+ with(?:out| unreachable) peer/,
    explain: () => 'a process is connected by a unix socket to a process outside of the container',
    advice:
      'end the connection before the checkpoint; for datagram sockets (logging) allow externalUnixSockets (spec.checkpoint.options, --ext-unix-sockets)',
  },
  {
    cause: 'file-locks',
    pattern: /Some file locks are hold by dumping tasks/,
    explain: () => 'a process holds a lock on a file',
    advice:
      'allow fileLocks (spec.checkpoint.options, --file-locks), unless a process outside of the container locks the same file',
    retry: () => ({ allowances: { fileLocks: true } }),
  },
  {
    cause: 'deleted-file-too-large',
    pattern: /Can't dump ghost file (.+?) of (\d+) size/,
    explain: ([, file = '', bytes = '0']) =>
      `the deleted file ${file}, which a process still has open, has ${formatSize(Number(bytes))}, more than the limit`,
    advice: 'raise spec.checkpoint.options.ghostLimit above its size',
    retry: ([, , bytes = '0']) => ({ allowances: { ghostLimitBytes: roundUp(Number(bytes)) } }),
  },
  {
    cause: 'deleted-file-linked',
    pattern: /Can't create link remap for (.+?)\. Use|Can't link remap to (.+)/,
    explain: ([, file, other]) =>
      `the file ${file ?? other ?? ''} was deleted under that name while it is open, and has other names`,
    advice: 'allow linkRemap (spec.checkpoint.options); the file system must be writable',
  },
  {
    cause: 'inotify',
    pattern: /fsnotify: .*(?:Can't dump that handle|Can't find suitable path|Unable to lookup a mount)/,
    explain: () => 'a process watches a file by inotify or fanotify that CRIU finds no name for',
    advice: 'let it watch files of the container only, and none below /proc or /sys',
  },
  {
    cause: 'file-changed',
    pattern: /File (.+?) has (?:bad size (\d+) \(expect (\d+)\)|bad build-ID|bad mode|bad checksum)/,
    explain: ([, file = '', found, expected]) =>
      found === undefined
        ? `the file /${file.replace(/^\//, '')} is another one than at the checkpoint`
        : `the file /${file.replace(/^\//, '')} has ${found} bytes now, and had ${expected ?? '?'} at the checkpoint`,
    advice: 'restore the file as it was: files of volumes and bind mounts must be those of the checkpoint',
  },
  {
    cause: 'file-missing',
    pattern: /Can't open file (.+?)(?: on restore)?: No such file or directory/,
    explain: ([, file = '']) => `the file /${file.replace(/^\//, '')} is gone`,
    advice: 'put it back: files of volumes and bind mounts must be those of the checkpoint',
  },
  {
    cause: 'network-lock',
    pattern: /Locking (?:network|connection) failed using nftables|built without libnftables/,
    explain: () => "the container's network cannot be locked with nftables during the checkpoint",
    advice: 'install a CRIU with nftables, and a kernel with nf_tables',
    retry: () => ({ networkLock: 'IPTABLES' }),
  },
  {
    cause: 'network-lock',
    pattern:
      /execvp\("ip6?tables(?:-legacy)?-restore"|Locking network failed|Locking connection failed|Iptables configuration failed|iptables-restore.* failed/,
    explain: () => "the container's network cannot be locked with iptables during the checkpoint",
    advice: 'install iptables, or a CRIU with nftables',
    retry: () => ({ networkLock: 'NFTABLES' }),
  },
  {
    cause: 'pid-in-use',
    pattern: /Can't fork for (\d+): File exists|Thread pid mismatch|Current [gps]id \d+ intersects/,
    explain: ([, pid]) =>
      `the process id ${pid === undefined ? '' : `${pid} `}is in use where it is to be restored`,
    advice:
      'restore into a PID namespace of its own: neither hostPID nor one that is shared with other containers',
  },
  {
    cause: 'cpu-features',
    pattern:
      /CPU (?:instruction )?capabilities do not match|FPU feature required by image|CPU xfeatures has unsupported bits|CPU xsave (?:max )?size mismatch|Core march mismatch/,
    explain: () => 'the processor lacks features that the saved processes use',
    advice: 'restore on a host whose processor has at least the features of that of the checkpoint',
  },
  {
    cause: 'terminal',
    pattern:
      /tty: (?:Found (?:slave peer|dangling tty)|.*peer)|ctty inheritance|is not a session leader|tty: Unable to open/,
    explain: () => 'a process uses a terminal whose other end is outside of the container',
    advice: 'start the container without a terminal, or end shells that were attached to it by exec',
  },
  {
    cause: 'mount-not-external',
    pattern:
      /mnt: (?:Mount )?\d+:?\s*(\S+) (?:doesn't have a proper root mount|.*unreachable sharing|.*is unsupported)|FS mnt (\S+) dev .* unsupported/,
    explain: ([, first, second]) => `the mount ${(first ?? second ?? '').replace(/^\./, '')} cannot be saved`,
    advice: 'unmount what was mounted inside of the container since its start',
  },
  {
    cause: 'mount-missing',
    pattern:
      /No mapping for \d+:(\S+) mountpoint|mnt(?:-v2)?: .*Can't (?:mount|bind-mount|open|access)[^:]*?(\/\S*)?.*: No such file or directory/,
    explain: ([, first, second]) =>
      `nothing stands in for the mount ${(first ?? second ?? '').replace(/^\./, '')} that the container had`,
    advice: 'add it to the manifest: every bind mount of the checkpoint must be there again',
  },
  {
    cause: 'nested-namespace',
    pattern:
      /Can't dump nested (\S+) namespace|Nested (\S+) namespaces? (?:is|are) not supported|Can't make (\S+)ns id/i,
    explain: () => 'a process has made a namespace of its own, which CRIU cannot save',
    advice: 'end the sandbox (browser, container in the container) before the checkpoint',
  },
  {
    cause: 'descriptor-outside',
    pattern:
      /Can't lookup mount=-?\d+ for fd=(-?\d+) path=(\S+)|Can't dump file (\d+) of that type|Unaccessible path opened|Open files on overmounted mounts|The path \[(.+?)\] is not supported/,
    explain: ([, fd, path]) =>
      `a process has something open that is not of the container${path === undefined ? '' : `: ${path} as descriptor ${fd ?? '?'}`}`,
    advice: 'close it before the checkpoint, or mount it into the container',
  },
  {
    cause: 'freeze-timeout',
    pattern: /Unable to freeze (?:cgroup|tasks)|Timeout reached|Can't freeze/,
    explain: () => 'the processes could not be stopped in time: one of them waits in the kernel',
    advice: 'look for processes in state D, on a slow disk or network file system, and try again',
  },
  {
    cause: 'no-space',
    pattern: /No space left on device|Disk quota exceeded/,
    explain: () => 'no space is left for the images',
    advice: 'free space in the directory of tsctr',
  },
  {
    cause: 'images-damaged',
    pattern: /Magic doesn't match|Unexpected EOF|Failed unpacking message|image file was truncated|Corrupted/,
    explain: () => 'the images are damaged, or of another version of CRIU',
    advice: 'make the checkpoint anew',
  },
  {
    cause: 'security-module',
    pattern: /(apparmor|selinux) LSM specified but (?:apparmor|selinux) not supported by kernel/,
    explain: ([, module]) =>
      `the kernel has no ${module === 'selinux' ? 'SELinux' : 'AppArmor'}, by which the processes are to be confined`,
    advice: 'ask for no profile on this host (`none:`), or restore on one that has the module',
  },
  {
    cause: 'rights',
    pattern: /Unable to restore capabilities|Operation not permitted/,
    explain: () => 'the kernel does not permit what the saved processes need',
    advice: 'give the container the capabilities that it had at the checkpoint',
  },
];

function formatSize(bytes: number): string {
  return bytes < MEBIBYTE ? `${String(bytes)} bytes` : `${(bytes / MEBIBYTE).toFixed(1)} MiB`;
}

/** To the next power of two of MiB above it, so that a file that still grows fits as well. */
function roundUp(bytes: number): number {
  return MEBIBYTE * 2 ** Math.ceil(Math.log2(bytes / MEBIBYTE + 1));
}
