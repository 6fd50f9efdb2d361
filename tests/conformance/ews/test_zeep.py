"""zeep, which knows of EWS only what our WSDL says, calls operations."""

from collections.abc import Iterator
from typing import Any

import pytest
from requests import Session
from zeep import Client
from zeep.exceptions import Fault
from zeep.transports import Transport

from tests.conformance.ews.conftest import PASSWORD, Office

MAIL = b"From: eve@example.net\r\nSubject: %s\r\n\r\nHello\r\n"
INBOX = {"_value_1": [{"DistinguishedFolderId": {"Id": "inbox"}}]}


@pytest.fixture
def service(office: Office) -> Iterator[Any]:
    with Session() as session:
        session.auth = ("ada@example.org", PASSWORD)
        client = Client(  # type: ignore[no-untyped-call]  # zeep's
            f"https://{office.address}/EWS/Exchange.asmx?wsdl",
            transport=Transport(session=session),  # type: ignore[no-untyped-call]  # zeep's
        )
        yield client.service


def only(answer: Any) -> Any:
    """Return the one response message of an answer."""
    [message] = answer
    assert message.ResponseCode == "NoError"
    return message


def test_zeep_calls_what_the_wsdl_describes(office: Office, service: Any) -> None:
    office.put(MAIL % b"by zeep", box="INBOX")

    found = only(
        service.GetFolder(FolderShape={"BaseShape": "Default"}, FolderIds=INBOX)
    )
    [folder] = found.Folders.Folder
    assert folder.DisplayName == "Inbox"

    found = only(
        service.FindItem(
            Traversal="Shallow",
            ItemShape={"BaseShape": "IdOnly"},
            Restriction={
                "IsEqualTo": {
                    "FieldURI": {"FieldURI": "item:Subject"},
                    "FieldURIOrConstant": {"Constant": {"Value": "by zeep"}},
                }
            },
            ParentFolderIds=INBOX,
        )
    )
    assert found.RootFolder.TotalItemsInView == 1
    [entry] = found.RootFolder.Items._value_1
    identifier = {"ItemId": [{"Id": entry["Message"].ItemId.Id}]}

    found = only(
        service.GetItem(
            ItemShape={"BaseShape": "Default", "IncludeMimeContent": True},
            ItemIds=identifier,
        )
    )
    [entry] = found.Items._value_1
    assert entry["Message"].Subject == "by zeep"
    assert entry["Message"].From.Mailbox.EmailAddress == "eve@example.net"

    begun = only(
        service.Subscribe(
            PullSubscriptionRequest={
                "FolderIds": INBOX,
                "EventTypes": {"EventType": ["DeletedEvent"]},
                "Timeout": 10,
            }
        )
    )
    only(service.DeleteItem(ItemIds=identifier, DeleteType="SoftDelete"))
    heard = only(
        service.GetEvents(
            SubscriptionId=begun.SubscriptionId, Watermark=begun.Watermark
        )
    )
    [event] = heard.Notification._value_1
    assert event["DeletedEvent"].ItemId.Id == identifier["ItemId"][0]["Id"]

    rules = service.GetInboxRules(MailboxSmtpAddress="ada@example.org")
    assert rules.OutlookRuleBlobExists is False


def test_zeep_understands_what_is_refused(service: Any) -> None:
    with pytest.raises(Fault, match="mailbox"):
        service.GetInboxRules(MailboxSmtpAddress="nobody@example.org")
