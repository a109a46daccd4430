# Real ActiveJob beside the tests. Payloads go in and out one a line, as they stand in Redis.
#   serialize     writes for each row {"class": its name, "args": its arguments as ActiveJob serializes them}
#   deserialize   reads such lines; says for each row whether the arguments are what they were
#   produce       writes what the Resque adapter pushes for a job
#   perform       reads such payloads and runs them as Rails does; says what each job got
#   later         writes what the Resque adapter pushes at the Ruby code in ARGV[1]
# Further arguments are files to load first.
require 'json'
require 'bigdecimal'
require 'active_job'
require 'active_support/all'

Time.zone = 'Europe/Moscow'
GlobalID.app = 'shop'
ActiveJob::Base.logger = Logger.new(IO::NULL)

User = Struct.new(:id) do
  include GlobalID::Identification
  def self.find(id)
    raise "Couldn't find User with 'id'=#{id}" if id == 'nobody'

    new(id)
  end
end

module Reports
  class Daily; end
end

def keywords(**all) = Hash.ruby2_keywords_hash(all)

ROWS = {
  'nil, true, false' => [nil, true, false],
  'integers' => [0, -1, 2**53 + 1, -2**53 - 1, 12_345_678_901_234_567_890, 10**40],
  'floats' => [1.5, -0.25, 1e300, 1e-7],
  'texts' => ['', 'plain', "\u00e4\u{1f600}", "a\nb\"\\", '<>&'],
  'arrays' => [[], [1, [2, ['x']]]],
  'symbols' => [:pdf, :"with blank", :a?],
  'hash with texts for keys' => [{ 'a' => 1, 'b' => { 'c' => nil } }],
  'hash with symbols for keys' => [{ a: 1, b: { c: :d } }],
  'hash with both' => [{ :a => 1, 'b' => 2 }],
  'empty hash' => [{}],
  'odd keys' => [{ '__proto__' => 1, 'constructor' => { '__proto__' => :x }, 'then' => 1, '' => 2 }],
  'keyword arguments' => [1, keywords(format: :pdf, copies: 2)],
  'hash with indifferent access' => [{ w: 1, 'x' => { y: 2 } }.with_indifferent_access],
  'record' => [User.new('42'), User.new('a/b c'), User.new('ä*~+'), [User.new('7')], { user: User.new('8') }],
  'date' => [Date.new(2025, 1, 2), Date.new(9, 12, 31)],
  'time' => [Time.at(1_735_787_045, 1, :nanosecond).utc, Time.new(2025, 1, 2, 3, 4, 5.125r, '-03:30')],
  'date and time' => [DateTime.new(2025, 1, 2, 3, 4, 5 + 1/8r, '+02:00'), DateTime.new(1969, 7, 20)],
  'time with zone' => [Time.zone.local(2025, 1, 2, 6, 4, 5.125r), Time.utc(2024, 7, 1).in_time_zone('America/New_York')],
  'duration' => [5.minutes, 1.month + 2.days, 1.5.hours, 0.seconds, -3.weeks],
  'module' => [Reports::Daily, Comparable],
}.freeze

class Got < ActiveJob::Base
  def perform(*args, **keywords)
    puts [self.class.name, args, keywords, job_id.class, executions, locale, timezone].inspect
  end
end

class InvoiceJob < ActiveJob::Base
  queue_as :invoices

  def perform(user, amount, format:, at: nil)
    puts [user, amount, format, at].inspect
  end
end

ApplicationJob = ActiveJob::Base
ARGV.drop(ARGV[0] == 'later' ? 2 : 1).each { |file| load file }

def same?(row, arguments)
  original = ROWS.fetch(row)
  looks = ->(all) { all.map { |one| [one.class, one.is_a?(Hash) && Hash.ruby2_keywords_hash?(one)] } }
  arguments == original && looks[arguments] == looks[original]
end

WRAPPER = 'ActiveJob::QueueAdapters::ResqueAdapter::JobWrapper'

class PrintingAdapter
  def enqueue(job) = puts(JSON.generate('class' => WRAPPER, 'args' => [job.serialize]))
  def enqueue_at(*) = raise(NotImplementedError)
end

case ARGV[0]
when 'serialize'
  ROWS.each { |name, row| puts JSON.generate('class' => name, 'args' => ActiveJob::Arguments.serialize(row)) }
when 'deserialize'
  STDIN.each_line do |line|
    row = JSON.parse(line)
    got = ActiveJob::Arguments.deserialize(row['args'])
    puts JSON.generate([row['class'], same?(row['class'], got), got.inspect])
  rescue ActiveJob::DeserializationError => e
    puts JSON.generate([row['class'], false, e.message])
  end
when 'produce'
  job = InvoiceJob.new(User.new('42'), 12_345_678_901_234_567_890, format: :pdf, at: Time.at(0, 5, :nanosecond).utc)
  puts JSON.generate('class' => WRAPPER, 'args' => [job.serialize])
when 'later'
  ActiveJob::Base.queue_adapter = PrintingAdapter.new
  eval(ARGV[1])
when 'perform'
  ActiveJob::Base.logger = Logger.new($stdout, formatter: ->(_, _, _, text) { "#{text}\n" }) if ARGV[1]
  STDIN.each_line do |line|
    payload = JSON.parse(line)
    raise "not wrapped: #{line}" unless payload['class'] == WRAPPER && payload['args'].size == 1

    ActiveJob::Base.execute(payload['args'][0])
  rescue StandardError => e
    puts "#{e.class}: #{e.message.lines.first.chomp}"
  end
end
