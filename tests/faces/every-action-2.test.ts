import { callEveryAction } from './every-action.ts'

callEveryAction(1, 2)
