import { sweepShard } from './pipeline.ts'

sweepShard(2)
