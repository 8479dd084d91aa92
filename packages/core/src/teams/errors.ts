import { defineError } from '../kernel/errors.ts'

export const teamNameTaken = defineError('teams.nameTaken', 'conflict', 'Another team of this organization has this name.')
