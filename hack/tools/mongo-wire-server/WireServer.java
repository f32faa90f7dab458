import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.AbstractMongoBackend;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.bson.Document;
import io.netty.channel.Channel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Set;
import org.h2.mvstore.MVStore;

/**
 * A server that speaks MongoDB's wire protocol, for tests: {@code WireServer <port, 0 for a free one> [file]}. It says {@code listening <port>} and ends
 * with its standard input, so that it never outlives the test that started it.
 *
 * <p>Without a file it keeps everything in memory. With one, each write is in the file, not synced, before it is answered: what was
 * acknowledged survives the death of this process, which is all that tests can kill. It proves nothing of MongoDB's durability.
 */
public final class WireServer {
  /** What driver 7 accepts at least is wire version 9; 13 is MongoDB 5.0's. */
  private static final MongoVersion VERSION =
      new MongoVersion() {
        @Override
        public List<Integer> getVersionArray() {
          return List.of(5, 0, 0, 0);
        }

        @Override
        public int getWireVersion() {
          return 13;
        }
      };

  private static final Set<String> READS =
      Set.of("find", "getMore", "count", "distinct", "aggregate", "listIndexes", "listCollections", "ping", "hello",
          "isMaster", "ismaster", "buildInfo", "buildinfo", "killCursors", "endSessions", "serverStatus");

  private WireServer() {}

  public static void main(String[] arguments) throws IOException {
    int port = Integer.parseInt(arguments[0]);
    AbstractMongoBackend backend =
        arguments.length > 1 ? new FileBackend(MVStore.open(arguments[1])) : new AtomicMemoryBackend();
    MongoServer server = new MongoServer(backend.version(VERSION));
    server.bind(new InetSocketAddress("127.0.0.1", port));
    System.out.println("listening " + server.getLocalAddress().getPort());
    while (System.in.read() >= 0) {}
    Runtime.getRuntime().halt(0);
  }

  /**
   * One command at a time, and answers that later ones cannot change: the library updates its documents in place while it still writes
   * them to other connections.
   */
  private static final class AtomicMemoryBackend extends MemoryBackend {
    @Override
    public synchronized Document handleCommand(Channel channel, String database, String command, Document query) {
      return super.handleCommand(channel, database, command, query).cloneDeeply();
    }
  }

  private static final class FileBackend extends H2Backend {
    FileBackend(MVStore store) {
      super(store);
      // Commits of the library's own thread would see documents that are half changed.
      store.setAutoCommitDelay(0);
    }

    @Override
    public synchronized Document handleCommand(Channel channel, String database, String command, Document query) {
      Document answer = super.handleCommand(channel, database, command, query).cloneDeeply();
      if (!READS.contains(command)) commit();
      return answer;
    }
  }
}
