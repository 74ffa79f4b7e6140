/** Who takes tasks of a queue. Temporal tells only who has asked lately, so one that is gone may be among them for two minutes. */
import type { Connection } from '@temporalio/client';

/** Temporal's enum values of the two kinds of task queue. */
const QUEUES = { workflows: 1, activities: 2 } as const;

/** A worker asks for tasks anew at least once a minute. */
const SILENT_MS = 150_000;

/** Identities of the workers that ask for tasks of both kinds. */
export async function pollersOf(
  connection: Connection,
  namespace: string,
  taskQueue: string,
): Promise<readonly string[]> {
  const [workflows = [], activities = []] = await Promise.all(
    Object.values(QUEUES).map(async (taskQueueType) => {
      const { pollers } = await connection.workflowService.describeTaskQueue({
        namespace,
        taskQueue: { name: taskQueue },
        taskQueueType,
      });
      return (pollers ?? [])
        .filter(({ lastAccessTime }) => Date.now() - Number(lastAccessTime?.seconds ?? 0) * 1000 < SILENT_MS)
        .map(({ identity }) => identity ?? '');
    }),
  );
  return workflows.filter((identity) => activities.includes(identity));
}
