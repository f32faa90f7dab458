// Preloaded into the platform that the command starts (`node --import`): the platform stops cleanly when the command
// is gone, even after `kill -9`, because the channel between them closes with the process.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
// Listening must not keep a platform alive that has ended otherwise.
process.channel?.unref();
