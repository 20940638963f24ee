/** One line of a container's log file, in the format that conmon and Kubernetes' runtimes write (CRI log format). */
export interface LogLine {
  /** RFC 3339 with nanoseconds and the zone of the writer. */
  time: string;
  stream: 'stdout' | 'stderr';
  /** The container's line goes on in the next one of this stream: it was longer than the writer's buffer, or has not ended. */
  partial: boolean;
  text: string;
}

// 2026-01-02T03:04:05.123456789+00:00 stdout F hello
const LINE =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) (stdout|stderr) ([A-Z](?::[^ ]+)?)(?: |$)/;

/** Reads one line without its line feed; null when it is not of that format, as after a crash in the middle of a write. */
export function parseLogLine(line: string): LogLine | null {
  const match = LINE.exec(line);
  if (match === null) return null;
  const [head, time = '', stream, tags = ''] = match;
  return {
    time,
    stream: stream === 'stderr' ? 'stderr' : 'stdout',
    partial: tags.split(':')[0] === 'P',
    text: line.slice(head.length),
  };
}
